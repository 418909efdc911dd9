"""Pictures of surveys and faults."""
