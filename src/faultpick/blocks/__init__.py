"""Work on a volume larger than memory: a task for each block, on one machine or many, kept as it is done.

A task takes a block of the volume, reads what it needs around it and gives the block's values. They go
straight to Zarr arrays whose shards are the blocks, so no two tasks ever write the same file, and a receipt
says that a block is done: a run that was stopped at any moment goes on with the blocks that have none.
"""

from faultpick.blocks.grid import Block, Box, cover
from faultpick.blocks.run import Crew, Place, Task, called, run_blocks
from faultpick.blocks.store import BlockStore, Receipt, Result
from faultpick.blocks.working import working_folder

__all__ = [
    "Block",
    "BlockStore",
    "Box",
    "Crew",
    "Place",
    "Receipt",
    "Result",
    "Task",
    "called",
    "cover",
    "run_blocks",
    "working_folder",
]
