package iommulab.engine.session;

import iommulab.engine.ats.AtsFunction;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.FaultReason;
import iommulab.engine.iommu.FaultRecord;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.memory.AddressMap;
import iommulab.engine.memory.Region.RegionKind;
import iommulab.engine.os.device.GuestEvent;
import iommulab.engine.pci.AddressType;
import iommulab.engine.pci.Fabric;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.Route;
import iommulab.engine.pci.RouteTable;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// The way of one DMA: up the PCI tree, across to a peer or into the IOMMU, and to what answers at the
/// translated address. The only code that a request runs through, whoever asked for it.
///
/// Not thread-safe: one engine thread owns it. [#issue] allocates nothing unless a request is stopped.
final class DmaPath {
    private static final int PAGE_SHIFT = 12;

    private final AddressMap map;
    private final List<Unit> units;
    private final CostTable costs;
    private final Tally tally;
    private final FaultLog faults;
    private final DeviceTlbs deviceTlbs;
    private final Guests guests;
    private final DeviceTlbPath deviceTlbPath = new DeviceTlbPath(this);
    private final Map<PciAddress, Origin> origins = new HashMap<>();
    private Fabric fabric;
    private Map<PciAddress, Integer> unitOf;

    /// Who hears of requests that were stopped.
    interface Guests {
        /// @return whether a guest was told
        boolean stopped(PciAddress function, GuestEvent event);
    }

    /// Where requests of one function start.
    ///
    /// @param unit the IOMMU that serves it, null if none
    /// @param withTlb the function if it has a TLB of its own in use, else null
    record Origin(
            PciAddress device,
            RouteTable route,
            int requester,
            @Nullable Unit unit,
            @Nullable AtsFunction withTlb) {}

    DmaPath(
            AddressMap map,
            List<Unit> units,
            CostTable costs,
            Tally tally,
            FaultLog faults,
            DeviceTlbs deviceTlbs,
            Guests guests,
            Fabric fabric) {
        this.map = map;
        this.units = units;
        this.costs = costs;
        this.tally = tally;
        this.faults = faults;
        this.deviceTlbs = deviceTlbs;
        this.guests = guests;
        this.fabric = fabric;
        this.unitOf = Map.of();
    }

    /// The tree has changed, or who serves whom.
    void rewire(Fabric fabric, Map<PciAddress, Integer> unitOf) {
        this.fabric = fabric;
        this.unitOf = Map.copyOf(unitOf);
        origins.clear();
    }

    Origin originOf(PciAddress device) {
        return origins.computeIfAbsent(device, this::makeOrigin);
    }

    private Origin makeOrigin(PciAddress device) {
        var route = fabric.tableOf(device);
        var unit = unitOf.get(device);
        return new Origin(
                device,
                route,
                route.requester().raw(),
                unit == null ? null : units.get(unit),
                deviceTlbs.deviceOf(device));
    }

    /// Carries out one request that lies within a page of iova; the outcome is in `dma`.
    void issue(Dma dma, Origin from) {
        begin(dma, from);
        tally.bytes += dma.bytes;
        int exception = from.route.lookup(dma.iova);
        if (exception != RouteTable.UPSTREAM) {
            turnAway(dma, from.route.exception(exception));
        } else {
            dma.cycles = costs.link * (from.route.links() + 1L);
            if (from.unit == null) {
                dma.target = dma.iova;
                dma.note = "no IOMMU translates this function";
                tally.bypassed++;
            } else if (from.withTlb != null) {
                deviceTlbPath.issue(dma, from.unit, from.withTlb);
            } else {
                translate(dma, from.unit, from.unit.hardware());
            }
        }
        tally.cycles += dma.cycles;
    }

    private void begin(Dma dma, Origin from) {
        dma.begin();
        dma.tick = ++tally.requests;
        dma.device = from.device;
        dma.requester = from.requester;
    }

    /// The device asks for the translation that a request would need, and sends no request. Questions go up
    /// to the root complex, whatever the address.
    void ask(Dma dma, Origin from, Unit unit, AtsFunction device) {
        begin(dma, from);
        dma.cycles = costs.link * (from.route.links() + 1L);
        deviceTlbPath.ask(dma, unit, device);
        tally.cycles += dma.cycles;
    }

    /// The device says that the address is translated already.
    void sendTranslated(Dma dma, Origin from, Unit unit) {
        begin(dma, from);
        tally.bytes += dma.bytes;
        var route = fabric.route(from.device, dma.iova, AddressType.TRANSLATED);
        if (route instanceof Route.Upstream) {
            dma.cycles = costs.link * (from.route.links() + 1L);
            deviceTlbPath.sendTranslated(dma, unit);
        } else {
            turnAway(dma, route);
        }
        tally.cycles += dma.cycles;
    }

    /// Whether a request stays within one page of 4 KiB.
    static boolean isWithinPage(long iova, int bytes) {
        return iova >>> PAGE_SHIFT == iova + bytes - 1 >>> PAGE_SHIFT;
    }

    private void turnAway(Dma dma, Route route) {
        switch (route) {
            case Route.Peer(var target, _, var bridges, var reason) -> {
                dma.outcome = DmaOutcome.PEER;
                dma.peer = target;
                dma.target = dma.iova;
                dma.note = reason;
                dma.cycles = costs.link * (bridges.size() + 1L) + costs.peerTurn;
                tally.peer++;
            }
            case Route.Blocked(_, var reason) -> {
                dma.outcome = DmaOutcome.BLOCKED;
                dma.note = reason;
                dma.cycles = costs.link;
                tally.blocked++;
            }
            case Route.Upstream _ ->
                    throw new IllegalStateException("the way up is no exception: " + route);
        }
    }

    private void translate(Dma dma, Unit unit, Iommu hardware) {
        arrive(dma, unit);
        unit.tally.bytes += dma.bytes;
        var prefix = dma.prefix;
        long hpa =
                hardware.translate(
                        dma.requester, prefix.pasid(), dma.iova, prefix.rights(dma.access));
        charge(dma, unit, hardware);
        finish(dma, unit, hardware, hpa);
    }

    void arrive(Dma dma, Unit unit) {
        dma.unit = unit.name();
        unit.tally.requests++;
    }

    /// What the IOMMU's last answer took.
    void charge(Dma dma, Unit unit, Iommu hardware) {
        int reads = hardware.lastReads();
        dma.domain = hardware.lastDomain();
        dma.reads += reads;
        tally.reads += reads;
        unit.tally.reads += reads;
        long cost = hardware.lastCycles(costs.walkCosts());
        dma.cycles += cost;
        unit.tally.cycles += cost;
    }

    /// What the answer means for the request.
    void finish(Dma dma, Unit unit, Iommu hardware, long answer) {
        boolean hit = answer >= 0 && hardware.lastHit();
        long hpa = hit || answer < 0 ? answer : serve(dma, unit, hardware, answer);
        if (hpa < 0) {
            stopped(dma, unit, hardware, hpa);
            return;
        }
        dma.target = hpa;
        if (hit) {
            hit(dma, unit, hardware.lastWasStale());
        } else if (isMessage(dma, hardware)) {
            interrupted(dma, unit);
        } else if (hardware.lastPageBytes() != 0) {
            walked(dma, unit);
        } else {
            dma.note = hardware.isTranslating() ? "pass-through" : "translation is switched off";
            bypassed(dma, unit);
        }
        reachPeer(dma, hpa);
    }

    /// The IOMMU makes the access itself where an interrupt file lies in memory. Each of its own accesses costs
    /// what a read of a table entry costs.
    ///
    /// @return as [Iommu#serve]
    long serve(Dma dma, Unit unit, Iommu hardware, long answer) {
        long served = hardware.serve(answer, dma.bytes, dma.data);
        String what = hardware.lastServed();
        if (!what.isEmpty()) {
            dma.served = true;
            dma.note = what;
            long cost = hardware.lastServedAccesses() * costs.walkCosts().memoryRead();
            dma.cycles += cost;
            unit.tally.cycles += cost;
        }
        return served;
    }

    private static boolean isMessage(Dma dma, Iommu hardware) {
        return dma.served && hardware.lastServedAccesses() != 0;
    }

    private void interrupted(Dma dma, Unit unit) {
        dma.outcome = DmaOutcome.INTERRUPT;
        tally.interrupts++;
        unit.tally.interrupts++;
    }

    /// The address stayed as it was.
    void bypassed(Dma dma, Unit unit) {
        dma.outcome = DmaOutcome.BYPASS;
        tally.bypassed++;
        unit.tally.bypassed++;
    }

    /// A cache had the translation.
    void hit(Dma dma, Unit unit, boolean stale) {
        dma.outcome = stale ? DmaOutcome.STALE : DmaOutcome.HIT;
        tally.hits++;
        unit.tally.hits++;
        if (stale) {
            tally.stale++;
            unit.tally.stale++;
        }
    }

    /// The tables had it.
    void walked(Dma dma, Unit unit) {
        dma.outcome = DmaOutcome.WALK;
        tally.walks++;
        unit.tally.walks++;
    }

    /// It never came to the request.
    void notSent(Dma dma, Unit unit, String why) {
        dma.outcome = DmaOutcome.BLOCKED;
        dma.note = why;
        tally.blocked++;
        unit.tally.blocked++;
    }

    /// A translated address may be a BAR: the request then turns around in the root complex.
    void reachPeer(Dma dma, long hpa) {
        int region = map.indexOf(hpa);
        if (region != AddressMap.NOTHING && hasOwner(region)) {
            dma.peer = map.regions().get(region).owner().orElse(null);
        }
        if (region != AddressMap.NOTHING && isDoorbell(region, dma)) {
            dma.note = "a message-signalled interrupt, at a doorbell that tables lead to";
            tally.interrupts++;
        }
    }

    private boolean isDoorbell(int region, Dma dma) {
        return map.regions().get(region).kind() == RegionKind.INTERRUPT
                && dma.access == Access.WRITE
                && dma.bytes == 4;
    }

    private boolean hasOwner(int region) {
        return map.regions().get(region).owner().isPresent();
    }

    void stopped(Dma dma, Unit unit, Iommu hardware, long answer) {
        if (answer == Iommu.INTERRUPT_WINDOW && dma.access == Access.WRITE && dma.bytes == 4) {
            dma.note = "a message-signalled interrupt";
            interrupted(dma, unit);
        } else if (Iommu.isFault(answer)) {
            dma.outcome = DmaOutcome.FAULT;
            dma.fault = Objects.requireNonNull(hardware.lastFault(), "a fault without a reason");
            dma.recorded = hardware.lastRecorded();
            countFault(dma, unit);
        } else {
            notSent(dma, unit, obstacle(answer));
        }
    }

    private static String obstacle(long answer) {
        if (answer == Iommu.INTERRUPT_WINDOW) {
            return "only DWORD writes may go to the interrupt window 0xfeexxxxx";
        }
        if (answer == Iommu.ABORTED) {
            return "the IOMMU is told to stop all requests";
        }
        return answer == Iommu.UNSUPPORTED
                ? "an interrupt file in memory takes aligned accesses of 4 bytes only"
                : "nothing answers at such an address";
    }

    private void countFault(Dma dma, Unit unit) {
        tally.faults++;
        unit.tally.faults++;
        var record = unit.hardware().lastFaultRecord();
        faults.add(dma, unit, record, dma.recorded && tellGuest(dma, unit, record));
    }

    private boolean tellGuest(Dma dma, Unit unit, FaultRecord record) {
        return unit.driver()
                .eventForGuest(record)
                .filter(event -> guests.stopped(dma.device, event))
                .isPresent();
    }

    /// The IOMMU recorded that a function asked for a page and may not.
    void pageRefused(Dma dma, Unit unit, FaultReason reason) {
        dma.fault = reason;
        dma.recorded = unit.hardware().lastRecorded();
        dma.domain = unit.hardware().lastDomain();
        countFault(dma, unit);
    }
}
