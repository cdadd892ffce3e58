package iommulab.engine.os.iommufd;

import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.process.LockedPages;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Cell;
import iommulab.engine.os.state.Ledger;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;

/// Memory that was given to address spaces by one map call, and its copies. Its pages are pinned while a
/// table or a driver uses them, and are billed once, however many do. Source: kernel `struct iopt_pages`.
final class SharedPages {
    private static final long PAGE = 4096;

    private final PageSource source;
    private final long startOffset;
    private final long bytes;
    private final boolean writable;
    private final Cell<LockedPages.Bill> bill;
    private final Book<Integer, Pin> pins;
    private final Book<Long, Piece> pieces;
    private final Cell<Integer> nextPin;

    /// Somebody needs these bytes.
    private record Pin(long first, long last) {
        long firstPage() {
            return first / PAGE;
        }

        long lastPage() {
            return last / PAGE;
        }
    }

    /// Pages that lie behind each other in RAM.
    ///
    /// @param first page, counted from the page of the first byte
    /// @param pages how many
    /// @param hpa of the first byte of the first one
    record Piece(long first, long pages, long hpa) {
        long end() {
            return first + pages;
        }
    }

    /// @param startOffset of the first byte in its page, in bytes
    /// @param bytes of the memory
    /// @param writable whether devices may write
    SharedPages(
            Ledger ledger,
            PageSource source,
            long startOffset,
            long bytes,
            boolean writable,
            LockedPages.Bill bill) {
        this.source = source;
        this.startOffset = startOffset;
        this.bytes = bytes;
        this.writable = writable;
        this.bill = new Cell<>(ledger, bill);
        pins = new Book<>(ledger);
        pieces = new Book<>(ledger);
        nextPin = new Cell<>(ledger, 1);
    }

    boolean writable() {
        return writable;
    }

    long bytes() {
        return bytes;
    }

    boolean isOfFile() {
        return source instanceof PageSource.File;
    }

    /// Moves the bill of what is pinned to another.
    ///
    /// @throws CallFailed (ENOMEM) if that one's limit does not suffice
    void billTo(LockedPages.Bill next) throws CallFailed {
        long pinned = pinnedPages();
        next.charge(pinned);
        bill.get().uncharge(pinned);
        bill.set(next);
    }

    /// Pins bytes, and bills the pages that were not pinned before.
    ///
    /// @param from offset of the first byte
    /// @return number of the pin
    /// @throws CallFailed (EFAULT) no such memory, (ENOMEM) the limit
    int pin(long from, long length) throws CallFailed {
        var pin = new Pin(startOffset + from, startOffset + from + length - 1);
        long before = pinnedPages();
        resolve(pin);
        int number = nextPin.get();
        nextPin.set(number + 1);
        pins.set(number, pin);
        bill.get().charge(pinnedPages() - before);
        return number;
    }

    void unpin(int number) {
        long before = pinnedPages();
        pins.remove(number);
        bill.get().uncharge(before - pinnedPages());
        if (pins.isEmpty()) {
            pieces.clear();
        }
    }

    /// Pages that are pinned now, each counted once.
    long pinnedPages() {
        var sorted = new ArrayList<>(pins.all().values());
        sorted.sort(Comparator.comparingLong(Pin::firstPage));
        long pages = 0;
        long next = 0;
        for (var pin : sorted) {
            long first = Math.max(next, pin.firstPage());
            if (pin.lastPage() >= first) {
                pages += pin.lastPage() - first + 1;
                next = pin.lastPage() + 1;
            }
        }
        return pages;
    }

    /// Finds the pages of a pin that are not found yet.
    private void resolve(Pin pin) throws CallFailed {
        long page = pin.firstPage();
        while (page <= pin.lastPage()) {
            var known = pieces.all().floorEntry(page);
            if (known != null && page < known.getValue().end()) {
                page = known.getValue().end();
                continue;
            }
            var next = pieces.all().higherEntry(page);
            long stop =
                    next == null ? pin.lastPage() + 1 : Math.min(next.getKey(), pin.lastPage() + 1);
            long offset = page * PAGE - startOffset;
            long hpa = source.hpa(offset, writable);
            long pages = Math.min(stop - page, source.stretch(offset) / PAGE);
            pieces.set(page, new Piece(page, pages, hpa));
            page += pages;
        }
    }

    /// A stretch of pinned bytes that lies in one in RAM.
    ///
    /// @param offset of its first byte in the memory
    record Stretch(long offset, long bytes, long hpa) {}

    /// Pinned bytes as they lie in RAM.
    List<Stretch> stretches(long from, long length) {
        var found = new ArrayList<Stretch>();
        long at = startOffset + from;
        long end = at + length;
        var ordered = new TreeMap<>(pieces.all());
        while (at < end) {
            var piece = ordered.floorEntry(at / PAGE).getValue();
            long pieceEnd = (piece.first() + piece.pages()) * PAGE;
            long stop = Math.min(end, pieceEnd);
            long hpa = piece.hpa() + (at - piece.first() * PAGE);
            var last = found.isEmpty() ? null : found.getLast();
            if (last != null && last.hpa() + last.bytes() == hpa) {
                found.set(
                        found.size() - 1,
                        new Stretch(last.offset(), last.bytes() + stop - at, last.hpa()));
            } else {
                found.add(new Stretch(at - startOffset, stop - at, hpa));
            }
            at = stop;
        }
        return found;
    }

    @Override
    public String toString() {
        return "0x%x bytes of %s".formatted(bytes, source);
    }
}
