package iommulab.engine.os.process;

import iommulab.engine.memory.AddressRange;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Cell;
import iommulab.engine.os.state.Ledger;

import java.util.Optional;

/// The part of RAM that processes' memory is taken from, one piece behind the other, and what it is used
/// for. Nothing is given back: a page that a device can still reach keeps its name.
public final class PhysicalPages {
    private static final long PAGE = 4096;

    private final AddressRange range;
    private final Cell<Long> next;
    private final Book<Long, Piece> pieces;
    private final Book<String, Long> shared;

    /// A named piece of RAM.
    ///
    /// @param hpa of its first byte
    private record Piece(long hpa, long bytes, String name) {}

    /// @param range hpa
    public PhysicalPages(Ledger ledger, AddressRange range) {
        this.range = range;
        next = new Cell<>(ledger, range.start() + PAGE - 1 & -PAGE);
        pieces = new Book<>(ledger);
        shared = new Book<>(ledger);
    }

    /// Takes a piece that lies in one.
    ///
    /// @param bytes multiple of 4096
    /// @return hpa of its first byte
    /// @throws CallFailed (ENOMEM) if RAM does not suffice
    public long take(String name, long bytes) throws CallFailed {
        long hpa = next.get();
        if (bytes > range.last() + 1 - hpa) {
            throw new CallFailed(
                    "ENOMEM", "%s needs 0x%x bytes; RAM has no more.".formatted(name, bytes));
        }
        pieces.set(hpa, new Piece(hpa, bytes, name));
        next.set(hpa + bytes);
        return hpa;
    }

    /// The memory of a file: the same for everybody.
    public long shared(String name, long bytes) throws CallFailed {
        var known = shared.find(name);
        if (known.isPresent()) {
            return known.get();
        }
        long hpa = take(name, bytes);
        shared.set(name, hpa);
        return hpa;
    }

    /// `buf+0x10`: which byte of which named memory lies at an address.
    public Optional<String> nameOf(long hpa) {
        var piece = pieces.all().floorEntry(hpa);
        if (piece == null || hpa - piece.getKey() >= piece.getValue().bytes()) {
            return Optional.empty();
        }
        return Optional.of("%s+0x%x".formatted(piece.getValue().name(), hpa - piece.getKey()));
    }
}
