package iommulab.engine.io.oracle;

import com.google.gson.JsonObject;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.iommu.riscv.RiscvCapabilities;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The reads of memory of one translation, in order.
final class RiscvTrace implements WalkObserver {
    private final List<Long> reads = new ArrayList<>();

    private final long beyond;

    RiscvTrace(RiscvCapabilities capabilities) {
        beyond = 1L << capabilities.hostAddressBits();
    }

    @Override
    public void deviceTableRead(
            int step, long tableHpa, int index, long entryHpa, long low, long high) {
        note(entryHpa);
    }

    @Override
    public void tableEntryRead(
            Stage stage, int level, long table, int index, long entryHpa, long raw) {
        note(entryHpa);
    }

    @Override
    public void cacheProbed(CacheKind kind, int level, int set, int way) {}

    /// An address that this host does not have is refused, not read.
    private void note(long hpa) {
        if (hpa < beyond) {
            reads.add(hpa);
        }
    }

    Optional<String> differs(JsonObject step) {
        var wanted = new ArrayList<Long>();
        for (var read : step.getAsJsonArray("walk")) {
            wanted.add(Long.decode(read.getAsString().split(":")[0]));
        }
        return wanted.equals(reads)
                ? Optional.empty()
                : Optional.of("expected reads %s, we made %s".formatted(hex(wanted), hex(reads)));
    }

    private static List<String> hex(List<Long> addresses) {
        return addresses.stream().map(Long::toHexString).toList();
    }
}
