package iommulab.engine.session;

import iommulab.engine.Fingerprint;
import iommulab.engine.ats.AtsFunction;
import iommulab.engine.ats.DeviceTlb;
import iommulab.engine.ats.PageRequestInterface;
import iommulab.engine.ats.PasidCapability;
import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.pci.Ats;
import iommulab.engine.pci.Pasid;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.Pri;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// The functions whose ATS is switched on, as their configuration registers say: each has a TLB of its own
/// and a page request interface.
///
/// Not thread-safe: one engine thread owns it. A machine without such functions has no state here.
final class DeviceTlbs {
    private final TreeMap<PciAddress, Member> members = new TreeMap<>();
    /* Per unit: the shape of the TLBs below it, where it is not the usual one. */
    private final TreeMap<Integer, CacheGeometry> shapes = new TreeMap<>();

    /// One function.
    ///
    /// @param requester under which the IOMMU knows it
    record Member(PciAddress function, Unit unit, int requester, AtsFunction device) {}

    Optional<Member> find(PciAddress function) {
        return Optional.ofNullable(members.get(function));
    }

    @Nullable AtsFunction deviceOf(PciAddress function) {
        var member = members.get(function);
        return member == null ? null : member.device();
    }

    /// By address.
    List<Member> below(Unit unit) {
        return members.values().stream().filter(member -> member.unit() == unit).toList();
    }

    /// Invalidations that devices were told of and never answered.
    int unanswered() {
        int count = 0;
        for (var member : members.values()) {
            count += member.device().tlb().unanswered();
        }
        return count;
    }

    /// Gives the TLBs below a unit another shape; they are empty afterwards.
    void reshape(Unit unit, CacheGeometry geometry) {
        shapes.put(unit.number(), geometry);
        below(unit).forEach(member -> member.device().tlb().reshape(geometry));
    }

    private CacheGeometry shapeBelow(Unit unit) {
        return shapes.getOrDefault(unit.number(), CacheShapes.USUAL.of(CacheKind.DEVICE_TLB));
    }

    // ---- following the registers

    /// The configuration bytes of a function may have changed.
    ///
    /// @param unit that serves it, null if none does that the engine executes
    /// @param requester under which the IOMMU knows it
    void follow(PciFunction function, @Nullable Unit unit, int requester) {
        boolean on = Ats.of(function.config()).filter(Ats::isEnabled).isPresent();
        if (!on || unit == null || !unit.takesDeviceTlbs()) {
            forget(function.address());
            return;
        }
        var member = members.get(function.address());
        if (member == null || member.unit() != unit || member.requester() != requester) {
            forget(function.address());
            member = add(function, unit, requester);
        }
        var device = member.device();
        boolean pages = Pri.of(function.config()).filter(Pri::isEnabled).isPresent();
        if (pages != device.pages().isEnabled()) {
            device.pages().setEnabled(pages);
        }
        device.setPasids(pasids(function));
    }

    private Member add(PciFunction function, Unit unit, int requester) {
        int capacity = Pri.of(function.config()).map(Pri::allocation).orElse(0);
        var device =
                new AtsFunction(
                        unit.forDeviceTlbs(),
                        requester,
                        pasids(function),
                        shapeBelow(unit),
                        capacity,
                        requester);
        device.tlb().setEnabled(true);
        var member = new Member(function.address(), unit, requester, device);
        members.put(function.address(), member);
        return member;
    }

    private static PasidCapability pasids(PciFunction function) {
        return Pasid.of(function.config())
                .map(pasid ->
                        new PasidCapability(
                                pasid.width(),
                                true,
                                true,
                                pasid.width() > 0 && pasid.isEnabled(),
                                pasid.mayExecute(),
                                pasid.mayBePrivileged()))
                .orElse(PasidCapability.ABSENT);
    }

    /// A function is gone, or its ATS is off.
    private void forget(PciAddress function) {
        var member = members.remove(function);
        if (member != null) {
            member.device().tlb().disconnect();
        }
    }

    /// Forgets all functions but these.
    void keepOnly(Set<PciAddress> functions) {
        for (var function : List.copyOf(members.keySet())) {
            if (!functions.contains(function)) {
                forget(function);
            }
        }
    }

    // ---- going back

    /// One function at one instant.
    record Remembered(Member member, DeviceTlb.State tlb, PageRequestInterface.State pages) {}

    record Checkpoint(List<Remembered> members, Map<Integer, CacheGeometry> shapes) {}

    Checkpoint checkpoint() {
        var remembered = new ArrayList<Remembered>();
        for (var member : members.values()) {
            var device = member.device();
            remembered.add(
                    new Remembered(member, device.tlb().checkpoint(), device.pages().checkpoint()));
        }
        return new Checkpoint(remembered, Map.copyOf(shapes));
    }

    /// Makes everything what it was; the registers of the functions must be what they were already.
    void restore(Checkpoint then) {
        members.clear();
        shapes.clear();
        shapes.putAll(then.shapes());
        for (var remembered : then.members()) {
            var member = remembered.member();
            member.device().tlb().restore(remembered.tlb());
            member.device().pages().restore(remembered.pages());
            member.unit().forDeviceTlbs().connect(member.requester(), member.device());
            members.put(member.function(), member);
        }
    }

    void addTo(Fingerprint hash) {
        for (var member : members.values()) {
            hash.add(member.function().toString());
            hash.add(member.device().tlb().stateHash()).add(member.device().pages().stateHash());
        }
        shapes.forEach((unit, shape) -> {
            hash.add(unit).add(shape.sets()).add(shape.ways());
            hash.add(shape.replacement().ordinal());
        });
    }
}
