package iommulab.engine.io.oracle;

import com.google.gson.JsonObject;

import iommulab.engine.iommu.riscv.AtsMessages;
import iommulab.engine.iommu.riscv.PageRequests;
import iommulab.engine.iommu.riscv.RiscvRegisters;
import iommulab.engine.iommu.riscv.RiscvUnit;
import iommulab.engine.memory.PhysicalMemory;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Software's side of the three queues in memory. What was read from or put into them is zeroed, so that
/// memory can be compared without them.
final class RiscvQueues {
    private static final int COMMAND_BYTES = 16;
    private static final int FAULT_WORDS = 4;
    private static final int REQUEST_WORDS = 2;

    private final RiscvUnit unit;
    private final RiscvRegisters registers;
    private final PhysicalMemory memory;
    private final List<PhysicalMemory> images;

    /// @param expected beside the IOMMU's memory the one it is compared with; commands lie in both
    RiscvQueues(RiscvUnit unit, PhysicalMemory expected) {
        this.unit = unit;
        registers = unit.registers();
        memory = unit.memory();
        images = List.of(memory, expected);
    }

    private void put(int number, long low, long high) {
        for (var image : images) {
            long at = ring(RiscvRegisters.CQB) + (long) COMMAND_BYTES * number;
            image.write64(at, word(low));
            image.write64(at + 8, word(high));
        }
    }

    private long word(long word) {
        boolean big = (registers.read32(RiscvRegisters.FCTL) & RiscvRegisters.BE) != 0;
        return big ? Long.reverseBytes(word) : word;
    }

    private long ring(int register) {
        return registers.read64(register) >>> 10 << 12;
    }

    private int records(int register) {
        return 2 << (int) (registers.read64(register) & 0x1f);
    }

    // ---- commands

    void command(long low, long high) {
        int tail = registers.read32(RiscvRegisters.CQT);
        put(tail, low, high);
        registers.write32(RiscvRegisters.CQT, (tail + 1) % records(RiscvRegisters.CQB));
    }

    /// Clears what went wrong and starts with an empty queue.
    void restartCommands() {
        int status = registers.read32(RiscvRegisters.CQCSR);
        registers.write32(RiscvRegisters.CQCSR, status & ~1);
        registers.write32(RiscvRegisters.CQCSR, 1);
    }

    boolean agreeMessages(JsonObject step, long sentBefore) {
        int fresh = (int) (unit.ats().count() - sentBefore);
        var sent = unit.ats().sent();
        var ours = sent.subList(sent.size() - fresh, sent.size());
        if (!step.has("messages")) {
            return fresh == 0;
        }
        var wanted = step.getAsJsonArray("messages");
        if (wanted.size() != fresh) {
            return false;
        }
        for (int i = 0; i < fresh; i++) {
            var message = wanted.get(i).getAsJsonObject();
            boolean same =
                    ours.get(i).code() == message.get("code").getAsInt()
                            && agrees(message, ours.get(i));
            if (!same) {
                return false;
            }
        }
        return true;
    }

    private static boolean agrees(JsonObject wanted, AtsMessages.Message ours) {
        int process = wanted.get("pv").getAsInt() == 0 ? -1 : wanted.get("pid").getAsInt();
        int segment = wanted.get("dsv").getAsInt() == 0 ? -1 : wanted.get("dseg").getAsInt();
        return wanted.get("rid").getAsInt() == ours.requester()
                && process == ours.process()
                && segment == ours.segment()
                && Json.bits(wanted, "payload") == ours.payload();
    }

    // ---- faults

    /// Takes all records out of the fault queue, lowest word first, in hex.
    List<List<String>> takeFaults() {
        var records = new ArrayList<List<String>>();
        int head = registers.read32(RiscvRegisters.FQH);
        while (head != registers.read32(RiscvRegisters.FQT)) {
            records.add(take(ring(RiscvRegisters.FQB) + 32L * head, FAULT_WORDS));
            head = (head + 1) % records(RiscvRegisters.FQB);
        }
        registers.write32(RiscvRegisters.FQH, head);
        return records;
    }

    private List<String> take(long hpa, int words) {
        var record = new ArrayList<String>();
        for (int i = 0; i < words; i++) {
            record.add("0x" + Long.toHexString(word(memory.read64(hpa + 8L * i))));
            memory.write64(hpa + 8L * i, 0);
        }
        return record;
    }

    /// Whether records are those of a step, of which the model tells the table's page only where the entry
    /// is meant.
    static boolean agree(JsonObject step, List<List<String>> records) {
        var wanted = step.getAsJsonArray("fault_records");
        if (wanted.size() != records.size()) {
            return false;
        }
        var expect = step.getAsJsonObject("expect");
        for (int i = 0; i < records.size(); i++) {
            var record = wanted.get(i).getAsJsonArray();
            for (int word = 0; word < FAULT_WORDS; word++) {
                var ours = records.get(i).get(word);
                boolean exact =
                        word == FAULT_WORDS - 1
                                && expect.has("iotval2_exact")
                                && ours.equals(expect.get("iotval2_exact").getAsString());
                if (!exact && !ours.equals(record.get(word).getAsString())) {
                    return false;
                }
            }
        }
        return true;
    }

    // ---- page requests

    Optional<String> compare(JsonObject step, PageRequests.Outcome outcome) {
        var expect = step.getAsJsonObject("expect");
        int status = registers.read32(RiscvRegisters.PQCSR);
        boolean same =
                outcome.queued() == expect.get("queued").getAsBoolean()
                        && (status >>> 9 & 1) == expect.get("pqof").getAsInt()
                        && (status >>> 8 & 1) == expect.get("pqmf").getAsInt()
                        && outcome.response().isPresent() == expect.has("response")
                        && (!expect.has("response")
                                || agrees(
                                        expect.getAsJsonObject("response"),
                                        unit.ats().sent().getLast()))
                        && (!outcome.queued() || recordAgrees(expect));
        return same
                ? Optional.empty()
                : Optional.of(
                        "expected %s, we say %s, last message %s"
                                .formatted(expect, outcome, unit.ats().sent()));
    }

    private boolean recordAgrees(JsonObject expect) {
        int head = registers.read32(RiscvRegisters.PQH);
        var record = take(ring(RiscvRegisters.PQB) + 16L * head, REQUEST_WORDS);
        registers.write32(RiscvRegisters.PQH, (head + 1) % records(RiscvRegisters.PQB));
        var wanted = expect.getAsJsonArray("record");
        return wanted.get(0).getAsString().equals(record.get(0))
                && wanted.get(1).getAsString().equals(record.get(1));
    }
}
