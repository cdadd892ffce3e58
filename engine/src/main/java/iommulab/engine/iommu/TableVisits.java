package iommulab.engine.iommu;

import iommulab.engine.iommu.TableUse.Entries;
import iommulab.engine.memory.PhysicalMemory;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongUnaryOperator;

/// Tells a visitor the structures in memory that an IOMMU uses, each of them once, and only as far as
/// memory answers: pointers to nowhere, loops and tables without end come to nothing. Not on the way of
/// any request.
public final class TableVisits {
    private static final int FRAME_BYTES = 4096;
    /* More than the tables of any machine; a memory full of garbage could go on for hours. */
    private static final int MOST_FRAMES = 1 << 17;
    private static final long LARGEST_TABLE = 1 << 26;
    private static final Structure WRITTEN =
            new Structure.Builder("Two written words", 1)
                    .value(0, 63, 32, "upper", "0x%x"::formatted)
                    .value(0, 31, 0, "lower", "0x%x"::formatted)
                    .build();

    private final PhysicalMemory memory;
    private final Consumer<TableUse> visitor;
    private final Set<Seen> seen = new HashSet<>();
    private int framesLeft = MOST_FRAMES;

    private record Seen(long hpa, Object kind) {}

    public TableVisits(PhysicalMemory memory, Consumer<TableUse> visitor) {
        this.memory = memory;
        this.visitor = visitor;
    }

    /// A table that something points to.
    ///
    /// @param kind tables of equal kinds at the same place are one table
    /// @param address where the pointer leads
    /// @param bytes its size, whether or not memory answers everywhere in it
    /// @param entryBytes see [TableUse#entryBytes]
    /// @param what see [TableUse#what]
    /// @param pointer see [TableUse#pointer]
    /// @param pointedBy see [TableUse#pointedBy]
    /// @param entries see [TableUse#entries]
    public record Table(
            Object kind,
            long address,
            long bytes,
            int entryBytes,
            String what,
            long pointer,
            String pointedBy,
            Entries entries) {}

    public PhysicalMemory memory() {
        return memory;
    }

    /// Tells of a table whose address is a host address.
    ///
    /// @return its pieces; none if it was told before or memory does not answer there
    public List<TableUse> tell(Table table) {
        return tell(table, LongUnaryOperator.identity());
    }

    /// Tells of a word of 32 bits that a command in a queue has hardware write.
    ///
    /// @param hpa of the word
    /// @param command hpa of the command
    /// @param queue that holds it
    public void tellWritten(String what, long hpa, long command, String queue) {
        tell(new Table(what, hpa & -8L, 8, 8, what, command, queue, Entries.of(WRITTEN)));
    }

    /// Tells of a table, in pieces if it lies scattered.
    ///
    /// @param toHost hpa of an address, -1 if there is none
    /// @return its pieces; none if it was told before or memory does not answer at its beginning
    public List<TableUse> tell(Table table, LongUnaryOperator toHost) {
        long begin = backed(toHost, table.address());
        if (begin < 0 || !seen.add(new Seen(begin, table.kind()))) {
            return List.of();
        }
        var pieces = pieces(table, toHost);
        pieces.forEach(visitor);
        return pieces;
    }

    private List<TableUse> pieces(Table table, LongUnaryOperator toHost) {
        var pieces = new ArrayList<TableUse>();
        long bytes = Math.min(table.bytes(), LARGEST_TABLE);
        long done = 0;
        while (done < bytes && framesLeft > 0) {
            long begin = backed(toHost, table.address() + done);
            long end = done;
            do {
                end = Math.min(bytes, frameEnd(table.address(), end));
                framesLeft--;
            } while (end < bytes
                    && framesLeft > 0
                    && begin >= 0
                    && backed(toHost, table.address() + end) == begin + end - done);
            if (begin >= 0) {
                pieces.add(piece(table, begin, done, end));
            }
            done = end;
        }
        return pieces;
    }

    /// Offset in a table at which the next frame begins.
    private static long frameEnd(long address, long offset) {
        return (address + offset & -FRAME_BYTES) + FRAME_BYTES - address;
    }

    private static TableUse piece(Table table, long hpa, long from, long to) {
        int first = (int) (from / table.entryBytes());
        return new TableUse(
                hpa,
                (int) (to - from),
                table.entryBytes(),
                first,
                first == 0 ? table.what() : "%s, from entry %d".formatted(table.what(), first),
                table.pointer(),
                table.pointedBy(),
                table.entries());
    }

    private long backed(LongUnaryOperator toHost, long address) {
        long hpa = toHost.applyAsLong(address);
        return hpa >= 0 && memory.isBacked(hpa) ? hpa : -1;
    }
}
