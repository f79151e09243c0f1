"""From a row of the carriers table to its adapter."""

from collections.abc import Awaitable, Callable, Sequence

from ringmain.carriers.dispatch import Dispatcher, grouped_receipts
from ringmain.carriers.relayed import Relayed
from ringmain.carriers.sandbox import Sandbox
from ringmain.carriers.smpp.carrier import Smpp
from ringmain.core.system import Core
from ringmain.core.texting.carrier import Carrier, Receipt
from ringmain.core.texting.submissions import CarrierConfig, Submissions


def adapters(
    core: Core, submissions: Submissions, receipts: Callable[[Sequence[Receipt]], Awaitable[None]]
) -> Callable[[CarrierConfig], Carrier]:
    """A maker of adapters. It raises ValueError for a configuration that cannot work."""

    def build(config: CarrierConfig) -> Carrier:
        match config.kind:
            case "sandbox":
                return Sandbox(config.name, core.texting, core.files, receipts)
            case "smpp":
                return Smpp(config, core.texting, submissions, receipts)
            case "relayed":
                return Relayed(config.name, core.subscriptions.tells_of_sent)
            case other:
                raise ValueError(f"no carrier kind {other}")

    return build


def dispatcher(core: Core) -> Dispatcher:
    """A dispatcher as it is without metrics and settings."""
    submissions = Submissions(core.database, core.wakeups)
    build = adapters(core, submissions, grouped_receipts(submissions))
    return Dispatcher(submissions, core.wakeups, build)
