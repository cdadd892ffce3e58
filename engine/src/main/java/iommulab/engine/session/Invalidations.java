package iommulab.engine.session;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.os.Invalidation;

/// Invalidations that somebody sends by hand.
final class Invalidations {
    private Invalidations() {}

    static Outcome send(Machine machine, Command.Invalidate command) throws CommandRefused {
        var unit = CommandRunner.unit(machine, command.unit());
        if (!command.waits() && !command.viaQueue()) {
            throw new CommandRefused(
                    "EINVAL", "A command by register is done at once: send it by queue.");
        }
        try {
            if (command.waits()) {
                unit.driver().invalidate(command.what(), command.viaQueue());
            } else {
                unit.driver().post(command.what());
            }
        } catch (MappingRefused refused) {
            throw new CommandRefused(refused.errno(), unit.name() + ": " + refused.reason());
        }
        note(machine, unit.number(), command.what());
        return new Outcome.Done();
    }

    /// The kernel's book: what the IOMMU has forgotten now.
    private static void note(Machine machine, int unit, Invalidation what) {
        switch (what) {
            case Invalidation.IotlbGlobal() -> machine.domains.allInvalidated(unit);
            case Invalidation.IotlbDomain(int tag) ->
                    machine.domains.invalidated(unit, tag, new AddressRange(0, -1));
            case Invalidation.IotlbPage(int tag, long iova, int mask) -> {
                long bytes = 4096L << mask;
                machine.domains.invalidated(unit, tag, AddressRange.of(iova & -bytes, bytes));
            }
            case Invalidation.ContextGlobal _,
                    Invalidation.ContextDomain _,
                    Invalidation.ContextDevice _,
                    Invalidation.PasidEntries _,
                    Invalidation.DeviceTlb _,
                    Invalidation.PasidTranslations _ -> {
                // They cover no translation that the kernel keeps book of.
            }
        }
    }
}
