package iommulab.engine.io.oracle;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.smmuv3.SmmuCapabilities;
import iommulab.engine.iommu.smmuv3.SmmuRegisters;
import iommulab.engine.iommu.smmuv3.SmmuUnit;
import iommulab.engine.memory.AddressMap;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.memory.Region;
import iommulab.engine.memory.Region.RegionKind;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// One file of DMA steps, run on an SMMU of ours and compared step by step. Everything the unit is told it
/// is told as software would: by its registers, or by its command queue in memory.
final class SmmuReplay {
    static final String ARCHITECTURE = "smmuv3";

    /// Queues lie beyond every address that an image can name.
    private static final long COMMANDS = 1L << 50;

    private static final long EVENTS = COMMANDS + 0x1_0000;
    private static final int QUEUE_BITS = 8;
    private static final long RAM = 0x4000_0000L;
    private static final long RAM_LAST = 0xbfff_ffffL;
    private static final int ILLEGAL = 1;

    private final String name;
    private final JsonArray steps;
    private final PhysicalMemory memory;
    private final SmmuUnit unit;
    private final SmmuRegisters registers;
    private final SmmuValidOnce history;
    private final List<String> failures = new ArrayList<>();

    SmmuReplay(String name, JsonObject file) {
        this.name = name;
        steps = file.getAsJsonArray("steps");
        var wanted = file.getAsJsonObject("registers");
        memory = new PhysicalMemory(addressMap());
        load(file.getAsJsonArray("memory"));
        unit = new SmmuUnit(capabilities(wanted), memory, CacheShapes.USUAL, 1);
        registers = unit.registers();
        start(wanted);
        history = new SmmuValidOnce(unit, memory);
    }

    private static SmmuCapabilities capabilities(JsonObject wanted) {
        var idr = wanted.getAsJsonArray("idr");
        int both = 3;
        int stages =
                switch (wanted.get("stage").getAsString()) {
                    case "1" -> 2;
                    case "2" -> 1;
                    default -> both;
                };
        return new SmmuCapabilities(
                register(idr, 0) & ~both | stages,
                register(idr, 1),
                register(idr, 3),
                register(idr, 5),
                (int) MemoryImage.bits(wanted, "aidr"));
    }

    private static int register(JsonArray idr, int number) {
        return (int) Long.decode(idr.get(number).getAsString()).longValue();
    }

    private void start(JsonObject wanted) {
        registers.write64(SmmuRegisters.STRTAB_BASE, MemoryImage.bits(wanted, "strtab_base"));
        registers.write32(
                SmmuRegisters.STRTAB_BASE_CFG, (int) MemoryImage.bits(wanted, "strtab_base_cfg"));
        registers.write64(SmmuRegisters.CMDQ_BASE, COMMANDS | QUEUE_BITS);
        registers.write64(SmmuRegisters.EVENTQ_BASE, EVENTS | QUEUE_BITS);
        registers.write32(SmmuRegisters.CR2, (int) MemoryImage.bits(wanted, "cr2"));
        registers.write32(SmmuRegisters.CR0, (int) MemoryImage.bits(wanted, "cr0"));
        bypass(MemoryImage.bits(wanted, "gbpa"));
    }

    private void bypass(long value) {
        registers.write32(SmmuRegisters.GBPA, (int) value | 1 << 31);
    }

    private static AddressMap addressMap() {
        return new AddressMap(
                List.of(
                        region(new AddressRange(RAM, RAM_LAST), "System RAM"),
                        region(AddressRange.of(COMMANDS, 0x2_0000), "Queues")));
    }

    private static Region region(AddressRange range, String regionName) {
        return new Region(range, RegionKind.RAM, regionName, Optional.empty());
    }

    private void load(JsonArray pages) {
        for (var element : pages) {
            var page = element.getAsJsonObject();
            long gpa = MemoryImage.bits(page, "gpa");
            var words = page.getAsJsonObject("qwords");
            for (var offset : words.keySet()) {
                memory.write64(gpa + Long.decode(offset), MemoryImage.bits(words, offset));
            }
        }
    }

    Verdict run() {
        for (int i = 0; i < steps.size(); i++) {
            var step = steps.get(i).getAsJsonObject();
            history.beforeStep(step);
            var obstacle = run(step);
            if (obstacle.isPresent()) {
                failures.add("%s, step %d: %s".formatted(name, i, obstacle.get()));
            }
        }
        return new Verdict(steps.size() - failures.size(), failures.size(), 0, failures);
    }

    /// @return how the step's outcome differs from what it should be
    private Optional<String> run(JsonObject step) {
        return switch (step.get("op").getAsString()) {
            case "store" ->
                    memory.write64(MemoryImage.bits(step, "gpa"), MemoryImage.bits(step, "qword"))
                            ? Optional.empty()
                            : Optional.of("no memory to store to");
            case "invalidate" -> command(step.getAsJsonArray("command"), 0);
            case "command" -> compareCommand(step);
            case "smmu-enable" -> {
                int control = registers.read32(SmmuRegisters.CR0) & ~SmmuRegisters.ENABLED;
                boolean enable = step.get("enable").getAsBoolean();
                registers.write32(
                        SmmuRegisters.CR0, control | (enable ? SmmuRegisters.ENABLED : 0));
                yield Optional.empty();
            }
            case "gbpa" -> {
                bypass(MemoryImage.bits(step, "value"));
                yield Optional.empty();
            }
            case "dma" -> compareDma(step);
            default -> Optional.of("unknown kind of step " + step.get("op"));
        };
    }

    // ---- commands

    /// The specification's answer where it is told and certain; where it is not certain, either.
    private Optional<String> compareCommand(JsonObject step) {
        int seen = step.getAsJsonObject("expect").get("error").getAsInt();
        int wanted =
                step.has("spec_expect")
                        ? step.getAsJsonObject("spec_expect").get("error").getAsInt()
                        : seen;
        var command = step.getAsJsonArray("command");
        var obstacle = command(command, wanted);
        return obstacle.isPresent() && isUncertain(step) ? Optional.empty() : obstacle;
    }

    private Optional<String> command(JsonArray command, int wanted) {
        int producer = registers.read32(SmmuRegisters.CMDQ_PROD);
        long entry = COMMANDS + (producer & (1 << QUEUE_BITS) - 1) * 16L;
        memory.write64(entry, Long.decode(command.get(0).getAsString()));
        memory.write64(
                entry + 8, Long.parseUnsignedLong(command.get(1).getAsString().substring(2), 16));
        registers.write32(SmmuRegisters.CMDQ_PROD, producer + 1);
        int error = registers.read32(SmmuRegisters.CMDQ_CONS) >>> 24;
        boolean stopped = registers.read32(SmmuRegisters.CMDQ_CONS) << 8 >>> 8 == producer;
        if (stopped) {
            restartQueue(producer + 1);
        }
        boolean same = stopped == (wanted != 0) && (!stopped || error == wanted);
        return same
                ? Optional.empty()
                : Optional.of("expected error %d, the queue says %d".formatted(wanted, error));
    }

    /// As a driver does after an error: past the bad command, error acknowledged.
    private void restartQueue(int consumer) {
        registers.write32(SmmuRegisters.CMDQ_CONS, consumer);
        registers.write32(SmmuRegisters.GERRORN, registers.read32(SmmuRegisters.GERROR));
    }

    // ---- DMA

    private Optional<String> compareDma(JsonObject step) {
        var answer = dma(unit, (int) MemoryImage.bits(step, "sid"), step);
        var accepted = accepted(step);
        boolean agrees =
                accepted.stream().anyMatch(answer::agreesWith)
                        || step.has("stale_allowed") && history.explains(step, answer);
        return agrees
                ? Optional.empty()
                : Optional.of("expected %s, we say %s".formatted(accepted, answer));
    }

    private static boolean isUncertain(JsonObject step) {
        return step.has("note") && step.get("note").getAsString().startsWith("uncertain");
    }

    /// The specification's answer where it is told and certain; otherwise what was seen. With stale
    /// entries on the way, also the answers that the file allows.
    private static List<DmaAnswer> accepted(JsonObject step) {
        var accepted = new ArrayList<DmaAnswer>();
        if (step.has("spec_expect")) {
            accepted.add(answer(step, step.getAsJsonObject("spec_expect")));
        }
        if (!step.has("spec_expect") || isUncertain(step)) {
            accepted.add(answer(step, step.getAsJsonObject("expect")));
        }
        if (step.has("allowed")) {
            for (var allowed : step.getAsJsonArray("allowed")) {
                accepted.add(answer(step, allowed.getAsJsonObject()));
            }
        }
        return accepted;
    }

    private static DmaAnswer answer(JsonObject step, JsonObject expect) {
        return new DmaAnswer(
                DmaAnswer.pieces(expect, MemoryImage.bits(step, "iova")), SmmuEvent.told(expect));
    }

    /// Cuts a DMA at the borders of pages and lets a unit translate each piece.
    static DmaAnswer dma(SmmuUnit unit, int stream, JsonObject step) {
        int access = step.get("write").getAsBoolean() ? Iommu.WRITE : Iommu.READ;
        long iova = MemoryImage.bits(step, "iova");
        long end = iova + step.get("len").getAsLong();
        var pieces = new ArrayList<DmaAnswer.Piece>();
        var events = unit.registers();
        boolean stopped = false;
        long before = unit.events().recorded();
        int first = events.read32(SmmuRegisters.EVENTQ_PROD);
        while (iova != end) {
            long bytes = Math.min(end - iova, 4096 - (iova & 4095));
            long hpa = unit.translate(stream, Iommu.NO_PASID, iova, access);
            pieces.add(new DmaAnswer.Piece(iova, bytes, Math.max(hpa, -1)));
            stopped |= hpa < 0;
            iova += bytes;
        }
        boolean recorded = unit.events().recorded() != before;
        String event =
                recorded
                        ? SmmuEvent.read(unit.memory(), EVENTS + (first & 0xff) * 32L)
                        : stopped ? DmaAnswer.UNRECORDED : "";
        events.write32(SmmuRegisters.EVENTQ_CONS, events.read32(SmmuRegisters.EVENTQ_PROD));
        return new DmaAnswer(pieces, event);
    }
}
