package iommulab.engine.iommu.riscv;

import iommulab.engine.iommu.QueueState;
import iommulab.engine.iommu.Structure;
import iommulab.engine.iommu.TableUse;
import iommulab.engine.iommu.TableVisits;
import iommulab.engine.iommu.TableVisits.Table;
import iommulab.engine.memory.PhysicalMemory;

import java.util.ArrayList;
import java.util.List;

/// The three queues as the screen shows them.
final class QueueWords {
    private static final int COMMAND_BYTES = 16;
    private static final int FAULT_BYTES = 32;
    private static final int REQUEST_BYTES = 16;
    private static final int SHOWN = 16;

    private QueueWords() {}

    /// Those that are on, commands first.
    static List<QueueState> of(RiscvState unit) {
        var queues = new ArrayList<QueueState>();
        var commands = unit.commands();
        if (commands.isOn()) {
            queues.add(
                    new QueueState(
                            "command queue",
                            true,
                            commands.address(),
                            commands.commands() * COMMAND_BYTES,
                            COMMAND_BYTES,
                            commands.head() * COMMAND_BYTES,
                            commands.tail() * COMMAND_BYTES,
                            false,
                            commands.recent().stream().map(RiscvCommand::toString).toList()));
        }
        if (unit.faults().isOn()) {
            var records = untaken(unit, unit.faults(), QueueWords::faultWords);
            queues.add(state("fault queue", unit.faults(), FAULT_BYTES, records));
        }
        if (unit.pageRequests().isOn()) {
            var records = untaken(unit, unit.pageRequests(), QueueWords::requestWords);
            queues.add(state("page-request queue", unit.pageRequests(), REQUEST_BYTES, records));
        }
        return queues;
    }

    /// Tells of the rings of those that are on.
    static void visit(RiscvState unit, TableVisits visits) {
        for (var queue : of(unit)) {
            visits.tell(
                    new Table(
                            queue.name(),
                            queue.base(),
                            queue.bytes(),
                            queue.entryBytes(),
                            queue.name(),
                            -1,
                            registerOf(queue),
                            new RingEntries(queue, unit.isBigEndian())));
        }
    }

    private static String registerOf(QueueState queue) {
        if (queue.toHardware()) {
            return "cqb";
        }
        return queue.entryBytes() == FAULT_BYTES ? "fqb" : "pqb";
    }

    private record RingEntries(QueueState queue, boolean big) implements TableUse.Entries {
        @Override
        public Structure structure(long[] raw) {
            if (queue.toHardware()) {
                return QueueStructures.command(new RiscvCommand(raw[0], raw[1]));
            }
            return queue.entryBytes() == FAULT_BYTES
                    ? QueueStructures.faultRecord()
                    : QueueStructures.pageRequest();
        }

        @Override
        public long word(PhysicalMemory memory, long hpa) {
            long word = memory.read64(hpa);
            return big ? Long.reverseBytes(word) : word;
        }
    }

    private static QueueState state(
            String name, RecordQueue queue, int recordBytes, List<String> records) {
        return new QueueState(
                name,
                false,
                queue.address(),
                queue.records() * recordBytes,
                recordBytes,
                queue.head() * recordBytes,
                queue.tail() * recordBytes,
                queue.has(RecordQueue.OVERFLOW),
                records);
    }

    /// Puts a record into words.
    private interface Wording {
        String of(RiscvState unit, RecordQueue queue, int number);
    }

    /// Records that software has not taken, newest first.
    private static List<String> untaken(RiscvState unit, RecordQueue queue, Wording wording) {
        var words = new ArrayList<String>();
        int number = queue.tail();
        while (number != queue.head() && words.size() < SHOWN) {
            number = number - 1 & queue.records() - 1;
            words.add(wording.of(unit, queue, number));
        }
        return words;
    }

    private static String faultWords(RiscvState unit, RecordQueue queue, int number) {
        long head = word(unit, queue, number, 0);
        var record =
                new FaultRecord(head, word(unit, queue, number, 2), word(unit, queue, number, 3));
        String cause =
                RiscvFault.ofCode(record.cause()).map(RiscvFault::kernelText).orElse("unknown");
        return "cause %d (%s), device 0x%x%s, iova 0x%x, iova2 0x%x"
                .formatted(
                        record.cause(),
                        cause,
                        record.device(),
                        record.process() < 0 ? "" : ", process " + record.process(),
                        record.iotval(),
                        record.iotval2());
    }

    private static String requestWords(RiscvState unit, RecordQueue queue, int number) {
        long head = word(unit, queue, number, 0);
        long payload = word(unit, queue, number, 1);
        return "device 0x%x asks for page 0x%x, group %d"
                .formatted(head >>> FaultRecord.DID_AT, payload & -4096L, payload >>> 3 & 0x1ff);
    }

    private static long word(RiscvState unit, RecordQueue queue, int number, int word) {
        long raw = queue.word(number, word);
        return unit.isBigEndian() ? Long.reverseBytes(raw) : raw;
    }
}
