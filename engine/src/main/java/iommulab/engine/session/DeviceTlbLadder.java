package iommulab.engine.session;

import iommulab.engine.ats.DeviceTlb;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.AtsIommu;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.GivenBy;
import iommulab.engine.iommu.Walk.IndexSource;
import iommulab.engine.iommu.Walk.Kind;
import iommulab.engine.iommu.Walk.Outcome;
import iommulab.engine.iommu.Walk.Step;
import iommulab.engine.pci.AddressType;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Tells the way of requests that concern a device's own TLB: its question to the IOMMU, and the translated
/// request that follows. What the IOMMU does it tells itself.
final class DeviceTlbLadder {
    private final Unit unit;
    private final CostTable costs;
    private final boolean withCaches;

    DeviceTlbLadder(Machine machine, Unit unit, boolean withCaches) {
        this.unit = unit;
        costs = machine.costs;
        this.withCaches = withCaches;
    }

    /// A request of a device with a TLB: as it would be sent.
    Walk explain(DmaRequest request, DeviceTlb tlb) {
        var peek = tlb.peek(request.pasid(), request.iova(), request.rights());
        if (peek.isHit() && withCaches) {
            return known(request, peek);
        }
        var asked = ask(request);
        var steps =
                new ArrayList<>(
                        List.of(probe(peek, "it knows nothing of 0x%x".formatted(request.iova()))));
        steps.addAll(asked.steps());
        return with(asked, request, steps, shifted(asked.outcome(), 1));
    }

    /// A question, from the device to the IOMMU.
    Walk ask(DmaRequest request) {
        var question = as(request, request.iova(), AddressType.TRANSLATION_REQUEST);
        var walk = byUnit(question);
        if (!(walk.outcome() instanceof Outcome.Reached(long word, _, _, boolean stale))) {
            return walk;
        }
        var steps = new ArrayList<>(walk.steps());
        if (!steps.isEmpty() && steps.getLast().kind() == Kind.ACCESS) {
            steps.removeLast();
        }
        int needs = request.rights() & (Iommu.READ | Iommu.WRITE | Iommu.EXECUTE);
        if ((word & needs) != needs) {
            steps.add(
                    told(
                            "Answer to the device",
                            "no such access",
                            "The IOMMU grants nothing of the kind and records nothing: the device"
                                    + " sends no request, and may ask for the page."));
            return with(
                    walk,
                    request,
                    steps,
                    new Outcome.NotTranslated(
                            "The device has no translation, so it sends nothing.",
                            Optional.empty()));
        }
        long hpa = Iotlb.hpa(word, request.iova());
        var granted = Permissions.of((word & Iommu.READ) != 0, (word & Iommu.WRITE) != 0);
        steps.add(
                told(
                        "Answer to the device",
                        "translation, %s".formatted(granted),
                        "0x%x".formatted(hpa)));
        return with(
                walk,
                request,
                steps,
                new Outcome.Reached(hpa, 1L << Iotlb.pageShift(word), granted, stale));
    }

    /// A request with an address that is translated already.
    Walk translated(DmaRequest request) {
        return byUnit(as(request, request.iova(), AddressType.TRANSLATED));
    }

    private Walk known(DmaRequest request, DeviceTlb.Peek peek) {
        long hpa = Iotlb.hpa(peek.word(), request.iova());
        var granted =
                Permissions.of((peek.word() & Iommu.READ) != 0, (peek.word() & Iommu.WRITE) != 0);
        var steps = new ArrayList<Step>();
        steps.add(
                probe(
                        peek,
                        "page at 0x%x, %s: the device sends 0x%x as translated already"
                                .formatted(TableEntry.address(peek.word()), granted, hpa)));
        var walk = translated(as(request, hpa, AddressType.TRANSLATED));
        steps.addAll(walk.steps());
        var outcome =
                walk.outcome() instanceof Outcome.Reached reached
                        ? new Outcome.Reached(
                                reached.hpa(),
                                1L << Iotlb.pageShift(peek.word()),
                                granted,
                                isStale(request, peek.word()))
                        : shifted(walk.outcome(), 1);
        return with(walk, request, steps, outcome);
    }

    private boolean isStale(DmaRequest request, long word) {
        int access = request.rights();
        long fresh =
                hardware()
                        .fresh(
                                request.requester().raw(),
                                request.pasid(),
                                request.iova(),
                                access | Iommu.ASKS);
        return !DeviceTlbPath.agrees(word, fresh, request.iova(), access);
    }

    private Walk byUnit(DmaRequest request) {
        return hardware().explain(unit.name(), request, costs.walkCosts(), withCaches);
    }

    private AtsIommu hardware() {
        return unit.forDeviceTlbs();
    }

    private static DmaRequest as(DmaRequest request, long address, AddressType type) {
        return new DmaRequest(
                request.device(),
                request.requester(),
                request.prefix(),
                address,
                request.bytes(),
                request.access(),
                type);
    }

    // ---- steps

    private static Step probe(DeviceTlb.Peek peek, String finding) {
        return new Step(
                Kind.IOTLB_PROBE,
                "Device TLB probe",
                peek.isHit() ? "hit" : "miss: the device asks its IOMMU",
                0,
                0,
                IndexSource.NONE,
                -1,
                -1,
                0,
                0,
                List.of(),
                List.of(),
                GivenBy.DEVICE_TLB,
                place(peek),
                0,
                finding);
    }

    private static String place(DeviceTlb.Peek peek) {
        if (!peek.exists()) {
            return "";
        }
        return peek.isHit()
                ? "set %d, way %d".formatted(peek.set(), peek.way())
                : "set %d".formatted(peek.set());
    }

    private static Step told(String name, String detail, String finding) {
        return new Step(
                Kind.ACCESS,
                name,
                detail,
                0,
                0,
                IndexSource.NONE,
                -1,
                -1,
                0,
                0,
                List.of(),
                List.of(),
                GivenBy.NOBODY,
                "",
                0,
                finding);
    }

    private static Outcome shifted(Outcome outcome, int steps) {
        return outcome instanceof Outcome.Faulted(var reason, int step, boolean recorded)
                ? new Outcome.Faulted(reason, step + steps, recorded)
                : outcome;
    }

    private static Walk with(Walk walk, DmaRequest request, List<Step> steps, Outcome outcome) {
        return new Walk(
                walk.unit(),
                walk.device(),
                walk.requester(),
                request.iova(),
                request.bytes(),
                request.access(),
                request.prefix(),
                walk.domain(),
                walk.addressBits(),
                steps,
                outcome,
                walk.reads(),
                walk.cycles());
    }
}
