package iommulab.engine.io.oracle;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.riscv.RiscvCapabilities;
import iommulab.engine.iommu.riscv.RiscvRegisters;
import iommulab.engine.iommu.riscv.RiscvUnit;
import iommulab.engine.memory.AddressMap;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.memory.Region;
import iommulab.engine.memory.Region.RegionKind;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// One file of steps, run on a RISC-V IOMMU of ours and compared step by step: answers, fault records,
/// memory that changed, and without caches every read of memory in its order. Everything the IOMMU is told
/// it is told as software would: by its registers, or by its queues in memory.
final class RiscvReplay {
    private static final int ON = 1;
    private static final int ERRORS = 7 << 8;

    private final String name;
    private final JsonArray steps;
    private final PhysicalMemory memory;
    private final PhysicalMemory expected;
    private final RiscvUnit unit;
    private final RiscvRegisters registers;
    private final boolean cached;
    private final RiscvQueues queues;
    private final List<JsonObject> faults = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();

    RiscvReplay(String name, JsonObject file, CacheShapes shapes) {
        this.name = name;
        steps = file.getAsJsonArray("steps");
        cached = !shapes.equals(CacheShapes.NONE);
        var capabilities = capabilities(file);
        memory = memory(capabilities, file.getAsJsonArray("memory"));
        expected = memory(capabilities, file.getAsJsonArray("memory"));
        unit = new RiscvUnit(capabilities, memory, shapes, 1);
        registers = unit.registers();
        queues = new RiscvQueues(unit, expected);
        for (var fault : file.getAsJsonArray("memfaults")) {
            memoryFault(fault.getAsJsonObject());
        }
        start(file.getAsJsonObject("registers"));
    }

    private static RiscvCapabilities capabilities(JsonObject file) {
        var model = file.getAsJsonObject("model");
        return new RiscvCapabilities(
                Json.bits(file.getAsJsonObject("registers"), "capabilities"),
                model.get("gxl_writeable").getAsInt() != 0,
                model.get("fctl_be_writeable").getAsInt() != 0,
                Long.SIZE - Long.numberOfLeadingZeros(Json.bits(model, "devid_mask")),
                Long.numberOfTrailingZeros(Json.bits(model, "bare_first_stage_size")),
                Long.numberOfTrailingZeros(Json.bits(model, "bare_second_stage_size")));
    }

    private static PhysicalMemory memory(RiscvCapabilities capabilities, JsonArray pages) {
        var ram =
                new Region(
                        AddressRange.of(0, 1L << capabilities.hostAddressBits()),
                        RegionKind.RAM,
                        "System RAM",
                        Optional.empty());
        var memory = new PhysicalMemory(new AddressMap(List.of(ram)));
        for (var element : pages) {
            var page = element.getAsJsonObject();
            long gpa = Json.bits(page, "gpa");
            var words = page.getAsJsonObject("qwords");
            for (var offset : words.keySet()) {
                memory.write64(gpa + Long.decode(offset), Json.bits(words, offset));
            }
        }
        return memory;
    }

    private void start(JsonObject wanted) {
        registers.write32(RiscvRegisters.FCTL, (int) Json.bits(wanted, "fctl"));
        registers.write64(RiscvRegisters.CQB, Json.bits(wanted, "cqb"));
        registers.write64(RiscvRegisters.FQB, Json.bits(wanted, "fqb"));
        registers.write64(RiscvRegisters.PQB, Json.bits(wanted, "pqb"));
        registers.write32(RiscvRegisters.CQCSR, ON);
        registers.write32(RiscvRegisters.FQCSR, (int) Json.bits(wanted, "fqcsr"));
        registers.write32(RiscvRegisters.PQCSR, (int) Json.bits(wanted, "pqcsr"));
        if (wanted.has("icvec")) {
            registers.write64(RiscvRegisters.ICVEC, Json.bits(wanted, "icvec"));
            int message = RiscvRegisters.MSI_TABLE;
            registers.write64(message, Json.bits(wanted, "msi_addr_0"));
            registers.write32(message + 8, (int) Json.bits(wanted, "msi_data_0"));
            registers.write32(message + 12, (int) Json.bits(wanted, "msi_vec_ctl_0"));
        }
        registers.write64(RiscvRegisters.DDTP, Json.bits(wanted, "ddtp"));
    }

    Verdict run() {
        for (int i = 0; i < steps.size(); i++) {
            var obstacle = run(steps.get(i).getAsJsonObject());
            if (obstacle.isPresent()) {
                failures.add("%s, step %d: %s".formatted(name, i, obstacle.get()));
            }
        }
        return new Verdict(steps.size() - failures.size(), failures.size(), 0, failures);
    }

    /// @return how the step's outcome differs from what it should be
    private Optional<String> run(JsonObject step) {
        return switch (step.get("op").getAsString()) {
            case "translate" -> translate(step);
            case "store" -> {
                store(Json.bits(step, "gpa"), Json.bits(step, "qword"));
                yield Optional.empty();
            }
            case "memfault" -> {
                memoryFault(step);
                yield Optional.empty();
            }
            case "command" -> command(step);
            case "page_request" -> pageRequest(step);
            case "inval_completion" -> completion(step);
            case "register" -> register(step);
            default -> Optional.of("unknown kind of step " + step.get("op"));
        };
    }

    private void memoryFault(JsonObject fault) {
        if (fault.get("kind").getAsString().equals("clear")) {
            faults.clear();
            memory.mend();
            expected.mend();
        } else {
            faults.add(fault);
            fail(fault);
        }
    }

    private void fail(JsonObject fault) {
        var range = AddressRange.of(Json.bits(fault, "gpa"), fault.get("len").getAsLong());
        memory.fail(range, failure(fault.get("kind").getAsString()));
        expected.fail(range, failure(fault.get("kind").getAsString()));
    }

    /// Software's stores reach memory also where the IOMMU's accesses fail.
    private void store(long hpa, long word) {
        memory.mend();
        expected.mend();
        memory.write64(hpa, word);
        expected.write64(hpa, word);
        faults.forEach(this::fail);
    }

    private static PhysicalMemory.Failure failure(String kind) {
        return switch (kind) {
            case "access" -> PhysicalMemory.Failure.ACCESS;
            case "poison" -> PhysicalMemory.Failure.POISON;
            default -> PhysicalMemory.Failure.WRITE;
        };
    }

    // ---- translations

    private Optional<String> translate(JsonObject step) {
        var trace = new RiscvTrace(unit.capabilities());
        if (!cached) {
            unit.observe(trace);
        }
        var answer = RiscvAnswer.of(unit, step);
        var records = queues.takeFaults();
        boolean stale = step.has("stale");
        boolean matches =
                agrees(step, "expect", "writes", answer)
                        && RiscvQueues.agree(step, records)
                        && !(stale && !cached);
        boolean fresh = stale && agrees(step, "expect_fresh", "writes_fresh", answer);
        var words = contents(matches || fresh);
        var path = cached || !step.has("walk") ? Optional.<String>empty() : trace.differs(step);
        followModel(step);
        if (!matches && !fresh) {
            return Optional.of(
                    "%s: expected %s writes %s records %s, we say %s records %s%s"
                            .formatted(
                                    step.get("tag"),
                                    step.get("expect"),
                                    step.get("writes"),
                                    step.get("fault_records"),
                                    answer,
                                    records,
                                    words));
        }
        return path.map(difference -> step.get("tag") + ": " + difference);
    }

    private String contents(boolean matched) {
        if (matched) {
            return "";
        }
        var differences = new ArrayList<String>();
        memory.forEachWord((hpa, value) -> {
            if (expected.read64(hpa) != value) {
                differences.add("0x%x = 0x%x".formatted(hpa, value));
            }
        });
        return ", changed " + differences;
    }

    private boolean agrees(JsonObject step, String outcome, String writes, RiscvAnswer answer) {
        if (!answer.agreesWith(step.getAsJsonObject(outcome), step)) {
            return false;
        }
        var before = expected.checkpoint();
        apply(expected, step.getAsJsonArray(writes));
        boolean same = expected.contentHash() == memory.contentHash();
        expected.restore(before);
        return same;
    }

    private static void apply(PhysicalMemory target, JsonArray writes) {
        for (var write : writes) {
            var pair = write.getAsJsonArray();
            target.write64(Json.bits(pair.get(0)), Json.bits(pair.get(1)));
        }
    }

    /// Later steps go on from the memory that the model has left.
    private void followModel(JsonObject step) {
        apply(expected, step.getAsJsonArray("writes"));
        if (!step.has("stale")) {
            return;
        }
        for (var member : List.of("writes", "writes_fresh")) {
            for (var write : step.getAsJsonArray(member)) {
                long hpa = Json.bits(write.getAsJsonArray().get(0));
                memory.write64(hpa, expected.read64(hpa));
            }
        }
    }

    // ---- commands and messages

    private Optional<String> command(JsonObject step) {
        var raw = step.getAsJsonArray("raw");
        long sent = unit.ats().count();
        queues.command(Json.bits(raw.get(0)), Json.bits(raw.get(1)));
        int status = registers.read32(RiscvRegisters.CQCSR);
        if ((status & ERRORS) != 0) {
            queues.restartCommands();
        }
        apply(expected, step.getAsJsonArray("writes"));
        var expect = step.getAsJsonObject("expect");
        boolean same =
                (status >>> 10 & 1) == expect.get("cmd_ill").getAsInt()
                        && (status >>> 8 & 1) == expect.get("cqmf").getAsInt()
                        && (status >>> 9 & 1) == expect.get("cmd_to").getAsInt()
                        && expected.contentHash() == memory.contentHash()
                        && queues.agreeMessages(step, sent);
        return same
                ? Optional.empty()
                : Optional.of(
                        "%s: expected %s, cqcsr is 0x%x, messages %s%s"
                                .formatted(
                                        step.get("tag"),
                                        expect,
                                        status,
                                        unit.ats().sent(),
                                        contents(false)));
    }

    private Optional<String> pageRequest(JsonObject step) {
        int pasid = step.get("pid_valid").getAsBoolean() ? step.get("process_id").getAsInt() : -1;
        int access =
                (step.get("priv").getAsBoolean() ? Iommu.PRIVILEGED : 0)
                        | (step.get("exec").getAsBoolean() ? Iommu.EXECUTE : 0);
        var outcome =
                unit.requestPage(
                        step.get("device_id").getAsInt(),
                        pasid,
                        access,
                        Json.bits(step, "payload"));
        var difference = queues.compare(step, outcome);
        var records = queues.takeFaults();
        return difference.or(() ->
                RiscvQueues.agree(step, records)
                        ? Optional.empty()
                        : Optional.of(
                                "expected records %s, we have %s"
                                        .formatted(step.get("fault_records"), records)));
    }

    private Optional<String> completion(JsonObject step) {
        int before = registers.read32(RiscvRegisters.CQH);
        boolean waited = unit.completeInvalidation(step.get("rid").getAsInt());
        boolean advanced = registers.read32(RiscvRegisters.CQH) != before;
        var expect = step.getAsJsonObject("expect");
        return waited == (expect.get("unexpected").getAsInt() == 0)
                        && advanced == (expect.get("cqh_advanced").getAsInt() == 1)
                ? Optional.empty()
                : Optional.of(
                        "expected %s, waited for %s, advanced %s"
                                .formatted(expect, waited, advanced));
    }

    private Optional<String> register(JsonObject step) {
        if (!step.get("name").getAsString().equals("ipsr")) {
            return Optional.of("unknown register " + step.get("name"));
        }
        registers.write32(RiscvRegisters.IPSR, (int) Json.bits(step, "value"));
        int now = registers.read32(RiscvRegisters.IPSR);
        return now == Json.bits(step, "reads_back")
                ? Optional.empty()
                : Optional.of("ipsr is 0x%x".formatted(now));
    }
}
