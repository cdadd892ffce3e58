package iommulab.engine.session;

import iommulab.engine.memory.AddressRange;
import iommulab.engine.session.Command.Invalidation;

/// Invalidations that somebody sends by hand.
final class Invalidations {
    private static final int GLOBAL = 1;
    private static final int DOMAIN = 2;
    private static final int SELECTIVE = 3;

    private Invalidations() {}

    static Outcome send(Machine machine, Command.Invalidate command) throws CommandRefused {
        var unit = CommandRunner.unit(machine, command.unit());
        boolean queue = command.viaQueue();
        if (queue && !unit.hardware().queue().isEnabled()) {
            throw new CommandRefused(
                    "EOPNOTSUPP",
                    "%s has no invalidation queue in use. Send it by register."
                            .formatted(unit.name()));
        }
        var driver = unit.driver();
        switch (command.what()) {
            case Invalidation.ContextGlobal() -> driver.invalidateContexts(GLOBAL, 0, 0, 0, queue);
            case Invalidation.ContextDomain(int tag) ->
                    driver.invalidateContexts(DOMAIN, requireTag(tag), 0, 0, queue);
            case Invalidation.ContextDevice(int tag, int requester, int mask) -> {
                require(requester >>> 16 == 0, "source ID 0x%x has more than 16 bits", requester);
                require(mask >= 0 && mask <= 3, "function mask %d: take 0 to 3", mask);
                driver.invalidateContexts(SELECTIVE, requireTag(tag), requester, mask, queue);
            }
            case Invalidation.IotlbGlobal() -> {
                driver.invalidateIotlb(GLOBAL, 0, 0, 0, false, queue);
                machine.domains.allInvalidated(unit.number());
            }
            case Invalidation.IotlbDomain(int tag) -> {
                driver.invalidateIotlb(DOMAIN, requireTag(tag), 0, 0, false, queue);
                machine.domains.invalidated(unit.number(), tag, new AddressRange(0, -1));
            }
            case Invalidation.IotlbPage(int tag, long iova, int mask) -> {
                int most = unit.hardware().capabilities().maxAddressMask();
                require(mask >= 0 && mask <= most, "address mask %d: take 0 to " + most, mask);
                require((iova & 4095) == 0, "0x%x is no page: take a multiple of 0x1000", iova);
                driver.invalidateIotlb(SELECTIVE, requireTag(tag), iova, mask, false, queue);
                long bytes = 4096L << mask;
                machine.domains.invalidated(
                        unit.number(), tag, AddressRange.of(iova & -bytes, bytes));
            }
        }
        return new Outcome.Done();
    }

    private static int requireTag(int tag) throws CommandRefused {
        require(tag >>> 16 == 0, "domain ID 0x%x has more than 16 bits", tag);
        return tag;
    }

    private static void require(boolean holds, String rule, Object value) throws CommandRefused {
        if (!holds) {
            throw new CommandRefused("EINVAL", rule.formatted(value) + ".");
        }
    }
}
