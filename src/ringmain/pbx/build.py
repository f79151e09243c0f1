"""The kinds of PBX that an instance may be."""

from ringmain.core.instances.pbx import PbxAdapter
from ringmain.database.pool import Database
from ringmain.pbx.sandbox import SandboxPbx


def adapters(database: Database) -> dict[str, PbxAdapter]:
    """An adapter for each kind, by its name."""
    return {"sandbox": SandboxPbx(database)}
