package iommulab.engine.io.oracle;

import static iommulab.engine.io.oracle.MemoryImage.bits;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.vtd.FaultRecording;
import iommulab.engine.iommu.vtd.VtdCapabilities;
import iommulab.engine.iommu.vtd.VtdRegisters;
import iommulab.engine.iommu.vtd.VtdUnit;
import iommulab.engine.memory.PhysicalMemory;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// One file of DMA steps, run on a VT-d unit of ours and compared step by step. Everything the unit is
/// told it is told as software would: by its registers, or by its queue in memory.
final class VtdReplay {
    private static final long RING = MemoryImage.RINGS;

    static final String LEGACY = "vtd-legacy";
    static final String SCALABLE = "vtd-scalable";

    private static final int RING_BYTES = 4096;
    /* IQA_REG.DW: descriptors of 256 bits. */
    private static final long WIDE = 1 << 11;
    private static final long FILLED = 1L << 63;
    private static final long PASID_NOISE = 0xf_ffffL << 40;

    private final String name;
    private final JsonArray steps;
    private final PhysicalMemory memory;
    private final VtdUnit unit;
    private final VtdRegisters registers;
    private final boolean faultsStay;
    private final int descriptorBytes;
    private final ValidOnce history;
    private final TablesAfter tables;
    private final List<String> failures = new ArrayList<>();

    VtdReplay(String name, JsonObject file) {
        this.name = name;
        steps = file.getAsJsonArray("steps");
        var wanted = file.getAsJsonObject("registers");
        var capabilities =
                new VtdCapabilities(
                        bits(wanted, "cap"),
                        bits(wanted, "ecap"),
                        wanted.get("aw_bits").getAsInt());
        memory = MemoryImage.read(file.getAsJsonArray("memory"));
        tables = new TablesAfter(memory, file.getAsJsonArray("memory"));
        unit = new VtdUnit(capabilities, memory, CacheShapes.USUAL, 1);
        registers = unit.registers();
        history = new ValidOnce(memory, new Uncached(capabilities));
        faultsStay = has(steps, "fault-status");
        registers.write64(VtdRegisters.ROOT_TABLE_ADDRESS, bits(wanted, "rtaddr"));
        boolean scalable = file.get("arch").getAsString().equals(SCALABLE);
        descriptorBytes = scalable ? 32 : 16;
        registers.write64(VtdRegisters.QUEUE_ADDRESS, scalable ? RING | WIDE : RING);
        command(VtdRegisters.ROOT_POINTER | VtdRegisters.TRANSLATION);
    }

    /// The same root table without caches.
    private final class Uncached implements ValidOnce.Uncached {
        private final VtdUnit other;

        Uncached(VtdCapabilities capabilities) {
            other = new VtdUnit(capabilities, memory, CacheShapes.NONE, 0);
        }

        @Override
        public Optional<DmaAnswer> answer(JsonObject step, int requester, int domain) {
            var there = other.registers();
            there.write64(VtdRegisters.ROOT_TABLE_ADDRESS, unit.rootTableAddress());
            there.write32(
                    VtdRegisters.GLOBAL_COMMAND,
                    VtdRegisters.ROOT_POINTER | VtdRegisters.TRANSLATION);
            var then = dma(other, requester, step, true);
            return other.lastDomain() == domain ? Optional.of(then) : Optional.empty();
        }
    }

    private static boolean has(JsonArray steps, String op) {
        return steps.asList().stream()
                .anyMatch(step -> step.getAsJsonObject().get("op").getAsString().equals(op));
    }

    Verdict run() {
        int deviating = 0;
        for (int i = 0; i < steps.size(); i++) {
            var step = steps.get(i).getAsJsonObject();
            history.beforeStep(step);
            var obstacle = run(step);
            if (obstacle.isPresent()) {
                if (KnownDeviations.ALL.explain(name, i, obstacle.get())) {
                    deviating++;
                } else {
                    failures.add("%s, step %d: %s".formatted(name, i, obstacle.get()));
                }
            }
        }
        int passed = steps.size() - failures.size() - deviating;
        return new Verdict(passed, failures.size(), 0, deviating, failures);
    }

    /// @return how the step's outcome differs from what it should be
    private Optional<String> run(JsonObject step) {
        return switch (step.get("op").getAsString()) {
            case "store" -> store(bits(step, "gpa"), bits(step, "qword"));
            case "invalidate" -> invalidate(step);
            case "translation-off-on" -> {
                translation(false);
                translation(true);
                yield Optional.empty();
            }
            case "translation" -> {
                translation(step.get("enable").getAsBoolean());
                yield Optional.empty();
            }
            case "clear-faults" -> {
                clearFaults(step);
                yield Optional.empty();
            }
            case "fault-status" -> compareFaultStatus(step.getAsJsonObject("expect"));
            case "dma" -> compareDma(step).or(() -> tables.compare(step));
            default -> Optional.of("unknown kind of step " + step.get("op"));
        };
    }

    private Optional<String> store(long hpa, long word) {
        tables.stored(hpa, word);
        return memory.write64(hpa, word) ? Optional.empty() : Optional.of("no memory to store to");
    }

    private void translation(boolean enable) {
        command(enable ? VtdRegisters.TRANSLATION : 0);
    }

    /// A command keeps what is enabled; these files enable nothing but translation and the queue.
    private void command(int bits) {
        int queue = registers.read32(VtdRegisters.GLOBAL_STATUS) & VtdRegisters.QUEUE;
        registers.write32(VtdRegisters.GLOBAL_COMMAND, bits | queue);
    }

    // ---- invalidations

    private Optional<String> invalidate(JsonObject step) {
        switch (step.get("via").getAsString()) {
            case "register" -> invalidateByRegister(step);
            case "queue" -> invalidateByQueue(step.getAsJsonArray("descriptor"));
            default -> {
                return Optional.of("unknown way to invalidate " + step.get("via"));
            }
        }
        return unit.faults().hasQueueError()
                ? Optional.of("the queue stopped at its descriptor")
                : Optional.empty();
    }

    private void invalidateByRegister(JsonObject step) {
        if (step.has("ccmd")) {
            registers.write64(VtdRegisters.CONTEXT_COMMAND, bits(step, "ccmd"));
            return;
        }
        int iotlb = unit.capabilities().iotlbRegisterOffset();
        if (step.has("addr")) {
            registers.write64(iotlb, bits(step, "addr") | step.get("address_mask").getAsLong());
        }
        registers.write64(iotlb + 8, bits(step, "iotlb"));
    }

    private void invalidateByQueue(JsonArray descriptor) {
        if (!unit.queue().isEnabled()) {
            registers.write32(
                    VtdRegisters.GLOBAL_COMMAND, VtdRegisters.TRANSLATION | VtdRegisters.QUEUE);
        }
        long tail = registers.read64(VtdRegisters.QUEUE_TAIL);
        memory.write64(RING + tail, Long.decode(descriptor.get(0).getAsString()));
        memory.write64(RING + tail + 8, Long.decode(descriptor.get(1).getAsString()));
        registers.write64(VtdRegisters.QUEUE_TAIL, (tail + descriptorBytes) % RING_BYTES);
    }

    // ---- faults

    private void clearFaults(JsonObject step) {
        if (step.has("fsts")) {
            registers.write32(VtdRegisters.FAULT_STATUS, (int) bits(step, "fsts"));
        } else {
            registers.write64(faultRecord(step.get("frcd").getAsInt()) + 8, FILLED);
        }
    }

    private int faultRecord(int number) {
        return unit.capabilities().faultRecordOffset() + 16 * number;
    }

    private Optional<String> compareFaultStatus(JsonObject expect) {
        int status = registers.read32(VtdRegisters.FAULT_STATUS);
        long low = registers.read64(faultRecord(0));
        long high = registers.read64(faultRecord(0) + 8);
        boolean same =
                status == bits(expect, "fsts")
                        && low == bits(expect, "frcd_lo")
                        && high == (bits(expect, "frcd_hi") & ~PASID_NOISE);
        return same
                ? Optional.empty()
                : Optional.of(
                        "expected %s, registers say 0x%x 0x%x 0x%x"
                                .formatted(expect, status, low, high));
    }

    // ---- DMA

    private Optional<String> compareDma(JsonObject step) {
        var answer = dma(step);
        var accepted = accepted(step);
        boolean agrees =
                accepted.stream().anyMatch(answer::agreesWith)
                        || step.has("stale_allowed")
                                && history.explains(step, answer, unit.lastDomain());
        return agrees
                ? Optional.empty()
                : Optional.of("expected %s, we say %s".formatted(accepted, answer));
    }

    /// The specification's answer where it is told and certain; otherwise what was seen. With stale
    /// entries on the way, also the answers that the file allows.
    private List<DmaAnswer> accepted(JsonObject step) {
        boolean uncertain =
                step.has("note") && step.get("note").getAsString().contains("uncertain");
        var accepted = new ArrayList<DmaAnswer>();
        if (step.has("spec_expect")) {
            accepted.add(answer(step, step.getAsJsonObject("spec_expect")));
        }
        if (!step.has("spec_expect") || uncertain) {
            accepted.add(answer(step, step.getAsJsonObject("expect")));
        }
        if (step.has("allowed")) {
            for (var allowed : step.getAsJsonArray("allowed")) {
                accepted.add(answer(step, allowed.getAsJsonObject()));
            }
        }
        return accepted;
    }

    private DmaAnswer answer(JsonObject step, JsonObject expect) {
        return DmaAnswer.read(expect, bits(step, "iova"), !faultsStay);
    }

    private DmaAnswer dma(JsonObject step) {
        return dma(unit, (int) bits(step, "sid"), step, !faultsStay);
    }

    /// Cuts a DMA at the borders of pages and lets a unit translate each piece.
    ///
    /// @param tellFault whether to read the recorded fault and to acknowledge it
    static DmaAnswer dma(VtdUnit unit, int requester, JsonObject step, boolean tellFault) {
        int access = step.get("write").getAsBoolean() ? VtdUnit.WRITE : VtdUnit.READ;
        long iova = bits(step, "iova");
        long end = iova + step.get("len").getAsLong();
        var pieces = new ArrayList<DmaAnswer.Piece>();
        boolean stopped = false;
        while (iova != end) {
            long bytes = Math.min(end - iova, 4096 - (iova & 4095));
            long hpa = unit.translate(requester, iova, access);
            pieces.add(new DmaAnswer.Piece(iova, bytes, Math.max(hpa, -1)));
            stopped |= hpa < 0;
            iova += bytes;
        }
        return new DmaAnswer(pieces, stopped && tellFault ? takeFault(unit) : "");
    }

    /// What is recorded, which is then acknowledged.
    private static String takeFault(VtdUnit unit) {
        int record = unit.capabilities().faultRecordOffset();
        long low = unit.registers().read64(record);
        long high = unit.registers().read64(record + 8);
        unit.registers().write64(record + 8, FILLED);
        unit.registers().write32(VtdRegisters.FAULT_STATUS, FaultRecording.OVERFLOW);
        return high < 0
                ? DmaAnswer.fault(high >>> 32 & 0xff, low, high & 0xffff, (high & 1L << 62) != 0)
                : DmaAnswer.UNRECORDED;
    }
}
