"""From a row of the carriers table to its adapter."""

from collections.abc import Awaitable, Callable, Sequence

from ringmain.carriers.dispatch import Dispatcher, grouped_receipts
from ringmain.carriers.sandbox import Sandbox
from ringmain.carriers.smpp.carrier import Smpp
from ringmain.core.files.service import Files
from ringmain.core.system import Core
from ringmain.core.texting.carrier import Carrier, Receipt
from ringmain.core.texting.service import Texting
from ringmain.core.texting.submissions import CarrierConfig, Submissions


def adapters(
    texting: Texting, files: Files, submissions: Submissions, receipts: Callable[[Sequence[Receipt]], Awaitable[None]]
) -> Callable[[CarrierConfig], Carrier]:
    """A maker of adapters. It raises ValueError for a configuration that cannot work."""

    def build(config: CarrierConfig) -> Carrier:
        match config.kind:
            case "sandbox":
                return Sandbox(config.name, texting, files, receipts)
            case "smpp":
                return Smpp(config, texting, submissions, receipts)
            case other:
                raise ValueError(f"no carrier kind {other}")

    return build


def dispatcher(core: Core) -> Dispatcher:
    """A dispatcher as it is without metrics and settings."""
    submissions = Submissions(core.database, core.wakeups)
    build = adapters(core.texting, core.files, submissions, grouped_receipts(submissions))
    return Dispatcher(submissions, core.wakeups, build)
