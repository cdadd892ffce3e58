package iommulab.engine.io.oracle;

import static iommulab.engine.io.oracle.MemoryImage.bits;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.amdvi.AmdCapabilities;
import iommulab.engine.iommu.amdvi.AmdRegisters;
import iommulab.engine.iommu.amdvi.AmdUnit;
import iommulab.engine.memory.PhysicalMemory;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// One file of DMA steps, run on an AMD IOMMU of ours and compared step by step. Everything the unit is
/// told it is told as software would: by its registers, and by commands in memory. A stopped request is
/// compared with the event in the log where the file tells one.
final class AmdReplay {
    static final String ARCHITECTURE = "amd-vi";

    private static final long COMMANDS = MemoryImage.RINGS;
    private static final long EVENTS = MemoryImage.RINGS + 4096;
    private static final long RING_LENGTH = 8L << 56;
    private static final int RING_BYTES = 4096;
    private static final int ENTRY = 16;

    private final String name;
    private final JsonArray steps;
    private final PhysicalMemory memory;
    private final AmdUnit unit;
    private final AmdRegisters registers;
    private final long control;
    private final ValidOnce history;
    private final List<String> failures = new ArrayList<>();

    AmdReplay(String name, JsonObject file) {
        this.name = name;
        steps = file.getAsJsonArray("steps");
        var wanted = file.getAsJsonObject("registers");
        memory = MemoryImage.read(file.getAsJsonArray("memory"));
        var capabilities = new AmdCapabilities(bits(wanted, "efr"), false);
        unit = new AmdUnit(capabilities, memory, CacheShapes.USUAL, 1);
        registers = unit.registers();
        control = bits(wanted, "control");
        long pages = wanted.get("device_table_bytes").getAsLong() / 4096;
        registers.write64(AmdRegisters.DEVICE_TABLE, bits(wanted, "device_table") | pages - 1);
        registers.write64(AmdRegisters.COMMAND_BASE, COMMANDS | RING_LENGTH);
        registers.write64(AmdRegisters.EVENT_BASE, EVENTS | RING_LENGTH);
        registers.write64(AmdRegisters.CONTROL, control);
        history = new ValidOnce(memory, new Uncached(capabilities));
    }

    /// The same registers without caches; its events go nowhere.
    private final class Uncached implements ValidOnce.Uncached {
        private final AmdUnit other;

        Uncached(AmdCapabilities capabilities) {
            other = new AmdUnit(capabilities, memory, CacheShapes.NONE, 0);
        }

        @Override
        public Optional<DmaAnswer> answer(JsonObject step, int requester, int domain) {
            var there = other.registers();
            there.write64(AmdRegisters.DEVICE_TABLE, registers.read64(AmdRegisters.DEVICE_TABLE));
            there.write64(
                    AmdRegisters.CONTROL,
                    registers.control() & ~(AmdRegisters.EVENT_LOG | AmdRegisters.COMMANDS));
            var pieces = pieces(other, requester, step);
            return other.lastDomain() == domain
                    ? Optional.of(new DmaAnswer(pieces, ""))
                    : Optional.empty();
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
                    memory.write64(bits(step, "gpa"), bits(step, "qword"))
                            ? Optional.empty()
                            : Optional.of("no memory to store to");
            case "invalidate" -> invalidate(step.getAsJsonArray("command"));
            case "translation-off-on" -> {
                registers.write64(AmdRegisters.CONTROL, control & ~AmdRegisters.ENABLE);
                registers.write64(AmdRegisters.CONTROL, control);
                yield Optional.empty();
            }
            case "dma" -> compareDma(step);
            default -> Optional.of("unknown kind of step " + step.get("op"));
        };
    }

    private Optional<String> invalidate(JsonArray command) {
        long tail = registers.read64(AmdRegisters.COMMAND_TAIL);
        memory.write64(COMMANDS + tail, bits(command.get(0).getAsString()));
        memory.write64(COMMANDS + tail + 8, bits(command.get(1).getAsString()));
        registers.write64(AmdRegisters.COMMAND_TAIL, (tail + ENTRY) % RING_BYTES);
        boolean runs = (registers.read64(AmdRegisters.STATUS) & AmdRegisters.COMMAND_RUN) != 0;
        return runs ? Optional.empty() : Optional.of("the buffer stopped at its command");
    }

    // ---- DMA

    private Optional<String> compareDma(JsonObject step) {
        boolean specified = isSpecified(step);
        var expect = step.getAsJsonObject(specified ? "spec_expect" : "expect");
        boolean eventTold = isEventTold(step, expect);
        int requester = (int) bits(step, "sid");
        var pieces = pieces(unit, requester, step);
        boolean stopped = pieces.stream().anyMatch(piece -> piece.hpa() < 0);
        var event = takeEvent(expect.has("fault_addr"));
        var answer = new DmaAnswer(pieces, stopped && eventTold ? event : "");
        var wanted = wanted(step, expect, eventTold);
        boolean agrees =
                answer.agreesWith(wanted)
                        || allowed(step).stream().anyMatch(answer::agreesWith)
                        || step.has("stale_allowed")
                                && history.explains(step, answer, unit.lastDomain());
        return agrees
                ? Optional.empty()
                : Optional.of("expected %s, we say %s, %s".formatted(wanted, answer, event));
    }

    /// The specification's answer counts where it is told and certain; otherwise what was seen.
    private static boolean isSpecified(JsonObject step) {
        return step.has("spec_expect")
                && !(step.has("note") && step.get("note").getAsString().contains("uncertain"));
    }

    private static boolean isEventTold(JsonObject step, JsonObject expect) {
        return step.has("spec_event") || expect.has("fault_reason");
    }

    private static DmaAnswer wanted(JsonObject step, JsonObject expect, boolean eventTold) {
        long iova = bits(step, "iova");
        var pieces =
                expect.has("segments")
                        ? DmaAnswer.read(expect, iova, false).pieces()
                        : List.of(new DmaAnswer.Piece(iova, step.get("len").getAsLong(), -1));
        if (expect.get("ok").getAsBoolean() || !eventTold) {
            return new DmaAnswer(pieces, "");
        }
        int code =
                step.has("spec_event")
                        ? step.get("spec_event").getAsInt()
                        : expect.get("fault_reason").getAsInt();
        var event = event(code, (int) bits(step, "sid"));
        return new DmaAnswer(
                pieces, expect.has("fault_addr") ? event + at(bits(expect, "fault_addr")) : event);
    }

    private static List<DmaAnswer> allowed(JsonObject step) {
        var allowed = new ArrayList<DmaAnswer>();
        if (step.has("allowed")) {
            for (var element : step.getAsJsonArray("allowed")) {
                allowed.add(wanted(step, element.getAsJsonObject(), false));
            }
        }
        return allowed;
    }

    private static String event(int code, int device) {
        return "event %d of device 0x%04x".formatted(code, device);
    }

    private static String at(long address) {
        return ", address 0x%x".formatted(address);
    }

    /// Cuts a DMA at the borders of pages and lets a unit translate each piece.
    private static List<DmaAnswer.Piece> pieces(AmdUnit unit, int requester, JsonObject step) {
        int access = step.get("write").getAsBoolean() ? Iommu.WRITE : Iommu.READ;
        long iova = bits(step, "iova");
        long end = iova + step.get("len").getAsLong();
        var pieces = new ArrayList<DmaAnswer.Piece>();
        while (iova != end) {
            long bytes = Math.min(end - iova, 4096 - (iova & 4095));
            long hpa = unit.translate(requester, Iommu.NO_PASID, iova, access);
            pieces.add(new DmaAnswer.Piece(iova, bytes, Math.max(hpa, -1)));
            iova += bytes;
        }
        return pieces;
    }

    /// The first event in the log, which is then acknowledged with all that follow it.
    ///
    /// @param withAddress whether to tell the address that it names
    private String takeEvent(boolean withAddress) {
        long head = registers.read64(AmdRegisters.EVENT_HEAD);
        long tail = registers.read64(AmdRegisters.EVENT_TAIL);
        registers.write64(AmdRegisters.EVENT_HEAD, tail);
        if (head == tail) {
            return DmaAnswer.UNRECORDED;
        }
        long low = memory.read64(EVENTS + head);
        var event = event((int) (low >>> 60), (int) low & 0xffff);
        return withAddress ? event + at(memory.read64(EVENTS + head + 8)) : event;
    }
}
