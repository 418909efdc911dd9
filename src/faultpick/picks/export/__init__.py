"""Picked faults as files that interpretation systems and viewers load; the layouts are in the reference."""

from faultpick.picks.export.write import FORMATS, IN_VOXELS, NAMES, Exported, export_faults, usual_files

__all__ = ["FORMATS", "IN_VOXELS", "NAMES", "Exported", "export_faults", "usual_files"]
