package iommulab.engine.group;

import iommulab.engine.firmware.Iort;
import iommulab.engine.firmware.Viot;
import iommulab.engine.pci.PciAddress;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Coverage of SMMUs and virtio-iommu, described by IORT, VIOT or a device tree: every name under which
/// a function's requests arrive must lead to the IOMMU.
///
/// Before 6.15 Linux looked at the description only when a driver bound to the function, and before
/// 7.0 an SMMUv3 refused a second function with a stream ID that is taken.
/// Sources: `drivers/acpi/arm64/iort.c`, `drivers/acpi/viot.c`, `drivers/iommu/of_iommu.c`,
/// `arm_smmu_insert_master` in `drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c`.
final class DescribedCoverage implements Coverage {
    private final FunctionTable table;
    private final GroupFacts facts;
    private final DmaAliases aliases;
    private final IommuUnit unit;
    private final Map<Integer, PciAddress> takenStreams = new HashMap<>();

    DescribedCoverage(FunctionTable table, GroupFacts facts, DmaAliases aliases) {
        this.table = table;
        this.facts = facts;
        this.aliases = aliases;
        this.unit = facts.units().getFirst();
    }

    @Override
    public boolean atDriverBinding() {
        return !facts.release().isAtLeast(6, 15);
    }

    @Override
    public Cover of(int f) {
        if (atDriverBinding() && !everBound(f)) {
            return Cover.none(
                    "it has no driver; before Linux 6.15 a function gets its group when a driver"
                            + " binds");
        }
        if (unit.function().isPresent() && unit.function().get().equals(table.address(f))) {
            return Cover.none("it is the IOMMU " + unit.name() + " itself");
        }
        var requesters = requesterIds(f);
        var streams = new ArrayList<Integer>();
        for (int requester : requesters) {
            var stream = streamOf(table.address(f).domain(), requester);
            if (stream.isEmpty()) {
                return Cover.none(
                        "%s does not lead requester %02x:%02x.%x to an IOMMU"
                                .formatted(
                                        description(),
                                        requester >>> 8,
                                        requester >>> 3 & 0x1f,
                                        requester & 7));
            }
            streams.add(stream.get());
        }
        return take(f, streams);
    }

    /// Built into kernels for PCs, agpgart-intel binds to the host bridge of a G33, Q33 or Q35 and lets
    /// it go again where it finds no graphics; the group stays.
    private boolean everBound(int f) {
        int device = table.device(f);
        boolean agp =
                table.vendor(f) == 0x8086
                        && (device == 0x29b0 || device == 0x29c0 || device == 0x29d0);
        return table.function(f).driver().isPresent() || agp && !facts.isArm();
    }

    private Cover take(int f, List<Integer> streams) {
        boolean exclusive = unit.isSmmu() && !facts.release().isAtLeast(7, 0);
        if (exclusive) {
            for (int stream : streams) {
                var owner = takenStreams.get(stream);
                if (owner != null) {
                    return Cover.none(
                            "its stream ID 0x%x is taken by %s; an SMMUv3 before Linux 7.0 refuses"
                                            .formatted(stream, FunctionTable.name(owner))
                                    + " the second function");
                }
            }
            streams.forEach(stream -> takenStreams.put(stream, table.address(f)));
        }
        return Cover.by(
                unit.name(), "%s translates its requests: %s".formatted(unit.name(), how()));
    }

    private String how() {
        return facts.firmware().iort().isPresent() || facts.firmware().viot().isPresent()
                ? description() + " leads them there"
                : "the device tree is not in the capture; it is assumed to lead all of them there";
    }

    private String description() {
        return facts.firmware().iort().isPresent() ? "the IORT table" : "the VIOT table";
    }

    private Optional<Integer> streamOf(int segment, int requester) {
        var iort = facts.firmware().iort();
        if (iort.isPresent()) {
            return iort.get().streamOf(segment, requester).map(Iort.Stream::id);
        }
        Optional<Viot> viot = facts.firmware().viot();
        return viot.isPresent()
                ? viot.get().iommuOf(segment, requester).map(_ -> requester)
                : Optional.of(requester);
    }

    /// The names under which the requests of a function can arrive, nearest first.
    private List<Integer> requesterIds(int f) {
        var address = table.address(f);
        var ids = new ArrayList<Integer>();
        ids.add(address.requesterId().raw());
        var others = aliases.of(f);
        if (others != null) {
            others.stream().forEach(devfn -> ids.add(address.bus() << 8 | devfn));
        }
        for (int at = table.parent(f); at != FunctionTable.NONE; at = table.parent(at)) {
            int rewritten = aliases.rewrittenBy(at);
            if (rewritten >= 0 && !aliases.isTransparent(at, facts.release())) {
                ids.add(rewritten);
            }
        }
        return ids.stream().distinct().toList();
    }
}
