"""From a row of the carriers table to its adapter."""

from collections.abc import Callable

from ringmain.carriers.dispatch import Dispatcher, grouped_receipts
from ringmain.carriers.sandbox import Sandbox
from ringmain.carriers.smpp.carrier import Smpp
from ringmain.core.system import Core
from ringmain.core.texting.carrier import Carrier
from ringmain.core.texting.submissions import CarrierConfig, Submissions


def adapters(core: Core, submissions: Submissions) -> Callable[[CarrierConfig], Carrier]:
    """A maker of adapters. It raises ValueError for a configuration that cannot work."""
    receipts = grouped_receipts(submissions)

    def build(config: CarrierConfig) -> Carrier:
        match config.kind:
            case "sandbox":
                return Sandbox(config.name, core.texting, core.files, receipts)
            case "smpp":
                return Smpp(config, core.texting, submissions, receipts)
            case other:
                raise ValueError(f"no carrier kind {other}")

    return build


def dispatcher(core: Core) -> Dispatcher:
    """The dispatcher of this node."""
    submissions = Submissions(core.database, core.wakeups)
    return Dispatcher(submissions, core.wakeups, adapters(core, submissions))
