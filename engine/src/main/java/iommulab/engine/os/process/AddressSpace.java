package iommulab.engine.os.process;

import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.call.Numbers;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Cell;
import iommulab.engine.os.state.Ledger;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The addresses of a process, and which memory is behind them. Source: kernel `struct mm_struct`.
public final class AddressSpace {
    private static final long FIRST = 0x10_0000_0000L;
    private static final long DISTANCE = 2L << 30;

    private final String name;
    private final Book<Long, Area> areas;
    private final Book<String, Long> bufferAt;
    private final Cell<Integer> pasid;
    private final Book<Integer, MemoryWatcher> watchers;

    /// Somebody who has to know when memory disappears from a process. Source: kernel MMU notifiers.
    public interface MemoryWatcher {
        /// Addresses that no longer lead anywhere.
        void unmapped(long va, long bytes) throws CallFailed;
    }

    AddressSpace(Ledger ledger, String name) {
        this.name = name;
        areas = new Book<>(ledger);
        bufferAt = new Book<>(ledger);
        pasid = new Cell<>(ledger, 0);
        watchers = new Book<>(ledger);
    }

    /// The PASID of this address space on all devices, 0 if it has none.
    public Cell<Integer> pasid() {
        return pasid;
    }

    public Book<Integer, MemoryWatcher> watchers() {
        return watchers;
    }

    /// Puts a named piece of memory where nothing is near it.
    void place(String buffer, long bytes, long hpa, boolean writable, boolean shared) {
        long va = FIRST;
        for (var area : areas.all().values()) {
            va = area.end() + DISTANCE & -DISTANCE;
        }
        put(new Area(va, bytes, hpa, buffer, 0, writable, shared));
        bufferAt.set(buffer, va);
    }

    private void put(Area area) {
        areas.set(area.va(), area);
    }

    /// By address.
    public List<Area> areas() {
        return List.copyOf(areas.all().values());
    }

    /// The memory at an address.
    public Optional<Area> at(long va) {
        return Optional.ofNullable(areas.all().floorEntry(va))
                .map(entry -> entry.getValue())
                .filter(area -> va - area.va() < area.bytes());
    }

    /// hpa of the byte at an address; empty if nothing is there.
    public Optional<Long> hpa(long va) {
        return at(va).map(area -> area.hpa() + (va - area.va()));
    }

    /// Where a buffer begins, also after it was unmapped.
    public Optional<Long> bufferAt(String buffer) {
        return bufferAt.find(buffer);
    }

    /// `buf`, `buf+0x1000` or a number as an address of this process; empty if it is neither.
    public Optional<Long> resolve(String text) {
        int plus = text.indexOf('+');
        var buffer = plus < 0 ? text : text.substring(0, plus);
        var offset = plus < 0 ? Optional.of(0L) : Numbers.read(text.substring(plus + 1));
        var start = bufferAt.find(buffer);
        return start.isPresent() && offset.isPresent()
                ? Optional.of(start.get() + offset.get())
                : Numbers.read(text);
    }

    /// Takes memory away.
    public void unmap(long va, long bytes) throws CallFailed {
        long end = va + bytes;
        for (var area : new ArrayList<>(areas.all().values())) {
            if (area.va() < end && area.end() > va) {
                areas.remove(area.va());
                if (area.va() < va) {
                    put(area.part(area.va(), va));
                }
                if (area.end() > end) {
                    put(area.part(end, area.end()));
                }
            }
        }
        for (var watcher : watchers.all().values()) {
            watcher.unmapped(va, bytes);
        }
    }

    /// The same memory in an address space of its own. Copy-on-write pages stay the same until somebody
    /// writes; nobody does here.
    AddressSpace fork(Ledger ledger, String child) {
        var copy = new AddressSpace(ledger, child);
        areas.all().values().forEach(copy::put);
        bufferAt.all().forEach(copy.bufferAt::set);
        return copy;
    }

    @Override
    public String toString() {
        return "memory of " + name;
    }
}
