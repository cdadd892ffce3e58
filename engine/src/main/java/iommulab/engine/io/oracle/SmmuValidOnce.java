package iommulab.engine.io.oracle;

import com.google.gson.JsonObject;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.smmuv3.SmmuRegisters;
import iommulab.engine.iommu.smmuv3.SmmuUnit;
import iommulab.engine.memory.PhysicalMemory;

import java.util.ArrayList;
import java.util.List;

/// Remembers what memory was, in order to tell whether a stale answer is a legal one: a cache may give any
/// configuration and any translation that was valid at some time since the last invalidation that covers
/// it.
final class SmmuValidOnce {
    private sealed interface Event {
        /// Memory before software changed it.
        record Store(PhysicalMemory.Checkpoint before) implements Event {}

        record Invalidation(JsonObject step) implements Event {}
    }

    private static final int[] CONTROL = {
        SmmuRegisters.STRTAB_BASE_CFG, SmmuRegisters.CR2, SmmuRegisters.CR0
    };

    private final SmmuUnit unit;
    private final PhysicalMemory memory;
    private final SmmuUnit uncached;
    private final List<Event> events = new ArrayList<>();

    /// @param unit whose answers are judged; its registers are asked for when a judgement is made
    SmmuValidOnce(SmmuUnit unit, PhysicalMemory memory) {
        this.unit = unit;
        this.memory = memory;
        uncached = new SmmuUnit(unit.capabilities(), memory, CacheShapes.NONE, 0);
    }

    void beforeStep(JsonObject step) {
        switch (step.get("op").getAsString()) {
            case "store" -> events.add(new Event.Store(memory.checkpoint()));
            case "invalidate" -> events.add(new Event.Invalidation(step));
            default -> {}
        }
    }

    /// Whether `answer` to a DMA was right at some time since both the configuration of its stream and all
    /// translations were invalidated.
    boolean explains(JsonObject step, DmaAnswer answer) {
        var now = memory.checkpoint();
        boolean configuration = false;
        boolean translations = false;
        boolean found = wasRight(step, answer);
        for (int i = events.size() - 1; i >= 0 && !found; i--) {
            switch (events.get(i)) {
                case Event.Store(var before) -> {
                    memory.restore(before);
                    found = wasRight(step, answer);
                }
                case Event.Invalidation(var what) -> {
                    configuration |= coversConfiguration(what, step);
                    translations |= coversTranslations(what);
                }
            }
            if (configuration && translations) {
                break;
            }
        }
        memory.restore(now);
        return found;
    }

    /// With memory as it is.
    private boolean wasRight(JsonObject step, DmaAnswer answer) {
        var from = unit.registers();
        var to = uncached.registers();
        to.write64(SmmuRegisters.STRTAB_BASE, from.read64(SmmuRegisters.STRTAB_BASE));
        to.write64(SmmuRegisters.EVENTQ_BASE, from.read64(SmmuRegisters.EVENTQ_BASE));
        for (int register : CONTROL) {
            to.write32(register, from.read32(register));
        }
        var then = SmmuReplay.dma(uncached, (int) MemoryImage.bits(step, "sid"), step);
        return answer.pieces().equals(then.pieces()) && answer.sameReason(then);
    }

    private static boolean coversConfiguration(JsonObject what, JsonObject step) {
        return switch (what.get("kind").getAsString()) {
            case "CFGI_ALL" -> true;
            case "CFGI_STE" -> what.get("sid").getAsString().equals(step.get("sid").getAsString());
            default -> false;
        };
    }

    private static boolean coversTranslations(JsonObject what) {
        return what.get("kind").getAsString().equals("TLBI_NSNH_ALL");
    }
}
