package iommulab.engine.traffic;

import iommulab.engine.memory.AddressMap;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.memory.Region;
import iommulab.engine.pci.PciAddress;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A machine as small as can be: memory, and an IOMMU that adds an offset to every address below 1 GiB,
/// takes interrupts, and stops all else.
final class DmaLab {
    static final long OFFSET = 0x4000_0000L;
    private static final long LIMIT = 0x4000_0000L;

    final PhysicalMemory memory =
            new PhysicalMemory(
                    new AddressMap(
                            List.of(
                                    new Region(
                                            AddressRange.of(0, 1L << 32),
                                            Region.RegionKind.RAM,
                                            "System RAM",
                                            Optional.empty()))));
    final TrafficMix mix = new TrafficMix();

    static TrafficSource source(int id, Pattern pattern) {
        return source(id, pattern, 1);
    }

    static TrafficSource source(int id, Pattern pattern, int weight) {
        return new TrafficSource(
                id, PciAddress.parse("03:00.0"), pattern, weight, 1500, 50, 1234 + id);
    }

    static long hpaOf(long iova) {
        return iova >= 0 && iova < LIMIT ? iova + OFFSET : DriverRings.NOT_MAPPED;
    }

    DmaLab with(TrafficSource source) throws SourceRefused {
        mix.set(source, Optional.empty());
        DriverRings.post(source, memory, DmaLab::hpaOf);
        return this;
    }

    /// Carries out one request and returns it in words.
    String step() {
        var slot = new DmaSlot();
        mix.next(slot);
        boolean interrupt = slot.iova >>> 20 == 0xfee;
        boolean reached = interrupt || hpaOf(slot.iova) != DriverRings.NOT_MAPPED;
        for (int word = 0; reached && !interrupt && word < slot.words; word++) {
            long hpa = hpaOf(slot.iova) + word * 8L;
            if (slot.write) {
                memory.write64(hpa, slot.data[word]);
            } else {
                slot.data[word] = memory.read64(hpa);
            }
        }
        mix.finish(slot, reached);
        return "%d %s 0x%x+%d"
                .formatted(slot.source, slot.write ? "writes" : "reads", slot.iova, slot.bytes);
    }

    List<String> steps(int count) {
        var steps = new ArrayList<String>();
        for (int i = 0; i < count; i++) {
            steps.add(step());
        }
        return steps;
    }
}
