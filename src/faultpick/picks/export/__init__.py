"""Picked faults as files that interpretation systems and viewers load; the layouts are in the reference."""

from faultpick.picks.export.write import FORMATS, NAMES, Exported, export_faults, usual_files

__all__ = ["FORMATS", "NAMES", "Exported", "export_faults", "usual_files"]
