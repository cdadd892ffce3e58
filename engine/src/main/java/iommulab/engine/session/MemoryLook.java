package iommulab.engine.session;

import iommulab.engine.iommu.TableUse;
import iommulab.engine.memory.AddressMap;
import iommulab.engine.session.FrameView.Entry;
import iommulab.engine.session.FrameView.Part;
import iommulab.engine.session.FrameView.Place;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Looks at memory as the IOMMUs of a machine would: which frame is which table, and what its bits say.
final class MemoryLook {
    private static final int FRAME_BYTES = 4096;

    private MemoryLook() {}

    /// All structures that IOMMUs use now, in the order in which a request meets them.
    static List<Place> places(Machine machine) {
        var places = new ArrayList<Place>();
        for (var unit : machine.units) {
            if (unit.isEmulated()) {
                unit.hardware()
                        .forEachTable(use ->
                                places.add(
                                        new Place(
                                                unit.name(),
                                                use.what(),
                                                use.hpa(),
                                                use.bytes(),
                                                use.pointer())));
            }
        }
        return List.copyOf(places);
    }

    /// The frame that holds an address.
    static FrameView frame(Machine machine, long address) {
        long hpa = address & -FRAME_BYTES;
        var words = new ArrayList<Long>();
        for (int offset = 0; offset < FRAME_BYTES; offset += 8) {
            words.add(machine.memory.read64(hpa + offset));
        }
        var parts = new ArrayList<Part>();
        for (var unit : machine.units) {
            if (unit.isEmulated()) {
                unit.hardware()
                        .forEachTable(use -> {
                            if (use.hpa() < hpa + FRAME_BYTES && use.hpa() + use.bytes() > hpa) {
                                parts.add(part(machine, unit.name(), use, hpa));
                            }
                        });
            }
        }
        int region = machine.memory.map().indexOf(hpa);
        return new FrameView(
                hpa,
                machine.memory.isBacked(hpa),
                region == AddressMap.NOTHING
                        ? ""
                        : machine.memory.map().regions().get(region).name(),
                words,
                parts,
                mappings(machine, hpa));
    }

    private static Part part(Machine machine, String unit, TableUse use, long hpa) {
        var entries = new ArrayList<Entry>();
        long offset = hpa - use.hpa();
        use.everyEntry(
                machine.memory,
                offset,
                offset + FRAME_BYTES,
                (index, at, raw) -> entries.add(entry(use, at, index, raw)));
        return new Part(unit, use.what(), use.pointer(), use.pointedBy(), entries);
    }

    private static Entry entry(TableUse use, long at, int index, long[] raw) {
        var structure = use.entries().structure(raw);
        return new Entry(
                at,
                index,
                structure.name(),
                Arrays.stream(raw).boxed().toList(),
                structure.decode(raw, new long[raw.length]),
                Arrays.stream(use.entries().targets(raw))
                        .filter(target -> target >= 0)
                        .boxed()
                        .toList());
    }

    private static List<String> mappings(Machine machine, long hpa) {
        var found = new ArrayList<String>();
        for (var domain : machine.domains.all()) {
            for (var mapping : domain.mappings()) {
                boolean holds = hpa >= mapping.hpa() && hpa < mapping.hpa() + mapping.bytes();
                if (holds && domain.identity().parent() == 0) {
                    found.add(
                            "domain %d maps it at 0x%x, %s"
                                    .formatted(
                                            domain.id(),
                                            mapping.iova() + hpa - mapping.hpa(),
                                            mapping.permissions()));
                }
            }
        }
        return found;
    }
}
