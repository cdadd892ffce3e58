package iommulab.engine.os.iommufd;

import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Cell;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A driver that reads and writes an address space by software, as mediated devices do. Source: kernel
/// `struct iommufd_access`.
public final class SoftwareAccess extends IoObject {
    private static final long PAGE = 4096;

    private final boolean pins;
    private final Cell<Optional<IoAddressSpace>> space;
    private final Book<Integer, Pin> held;
    private final Cell<Integer> next;

    /// Pages that the driver has pinned.
    ///
    /// @param parts one for each mapping that the range lies in
    private record Pin(IovaRange range, List<Part> parts) {}

    /// @param number of the pin among the memory's pins
    private record Part(SharedPages pages, int number) {}

    /// @param pins whether the driver pins pages; else it only copies bytes
    public SoftwareAccess(Iommufd file, boolean pins) {
        super(file);
        this.pins = pins;
        space = new Cell<>(file.ledger(), Optional.empty());
        held = new Book<>(file.ledger());
        next = new Cell<>(file.ledger(), 1);
        hold("driver", "in-kernel user");
        file.hold();
    }

    @Override
    public String type() {
        return "ACCESS";
    }

    long alignment() {
        return pins ? PAGE : 1;
    }

    public Optional<IoAddressSpace> space() {
        return space.get();
    }

    // ---- attaching

    /// @throws CallFailed (EINVAL) it is attached already, or as [IoAddressSpace#add]
    public void attach(IoAddressSpace to) throws CallFailed {
        if (space.get().isPresent()) {
            throw new CallFailed(
                    "EINVAL", "%s is attached to %s already.".formatted(this, space.get().get()));
        }
        join(to);
    }

    /// @throws CallFailed (ENOENT) it is not attached
    public void replace(IoAddressSpace to) throws CallFailed {
        if (space.get().isEmpty()) {
            throw new CallFailed("ENOENT", "%s is not attached.".formatted(this));
        }
        if (space.get().get() == to) {
            return;
        }
        to.add(this);
        to.remove(this);
        detach();
        join(to);
    }

    private void join(IoAddressSpace to) throws CallFailed {
        to.add(this);
        to.hold(toString(), "attached");
        space.set(Optional.of(to));
    }

    /// Lets go of everything.
    public void detach() {
        space.get()
                .ifPresent(from -> {
                    letGo(IovaRange.ALL);
                    from.remove(this);
                    from.release(toString());
                });
        space.set(Optional.empty());
    }

    /// A range is being unmapped: the driver is told, and lets go.
    void mustLetGo(IovaRange range) {
        letGo(range);
    }

    private void letGo(IovaRange range) {
        for (var pin : new ArrayList<>(held.all().entrySet())) {
            if (pin.getValue().range().overlaps(range)) {
                unpin(pin.getKey());
            }
        }
    }

    // ---- pages and bytes

    private List<MappedArea> areas(long iova, long bytes) throws CallFailed {
        if (bytes == 0) {
            throw new CallFailed("EINVAL", "Nothing to pin: 0 bytes.");
        }
        if (Long.compareUnsigned(iova + bytes - 1, iova) < 0) {
            throw new CallFailed("EOVERFLOW", "0x%x bytes at 0x%x wrap.".formatted(bytes, iova));
        }
        if (space.get().isEmpty()) {
            throw new CallFailed("ENOENT", "%s is not attached.".formatted(this));
        }
        return space.get().get().covering(new IovaRange(iova, iova + bytes - 1));
    }

    private static void requireRights(List<MappedArea> areas, boolean write) throws CallFailed {
        for (var area : areas) {
            if (write && !area.permissions().write()) {
                throw new CallFailed(
                        "EPERM", "The mapping %s may not be written.".formatted(area.range()));
            }
        }
    }

    /// @return number of the pin
    /// @throws CallFailed (EINVAL) no bytes, or not from the start of a page; (EOVERFLOW) the range wraps;
    ///     (ENOENT) not attached, or a hole; (EPERM) no right; (EFAULT, ENOMEM) as pinning
    public int pin(long iova, long bytes, boolean write) throws CallFailed {
        var areas = areas(iova, bytes);
        requireRights(areas, write);
        var range = new IovaRange(iova, iova + bytes - 1);
        var parts = new ArrayList<Part>();
        for (var area : areas) {
            long first = Math.max(0, iova - area.iova());
            long last = Math.min(area.bytes() - 1, range.last() - area.iova());
            if ((area.pageOffset() + first & PAGE - 1) != 0) {
                throw new CallFailed(
                        "EINVAL",
                        "Pages are pinned from their start; 0x%x is 0x%x bytes into one."
                                .formatted(
                                        area.iova() + first, area.pageOffset() + first & PAGE - 1));
            }
            parts.add(
                    new Part(
                            area.pages(),
                            area.pages().pin(area.offset() + first, last - first + 1)));
        }
        int number = next.get();
        next.set(number + 1);
        held.set(number, new Pin(range, List.copyOf(parts)));
        return number;
    }

    /// @throws CallFailed (ENOENT) the pin is gone: the driver had to let go
    public void unpinHeld(int number) throws CallFailed {
        if (!held.has(number)) {
            throw new CallFailed(
                    "ENOENT",
                    "Pin %d of %s is gone: an unmap or detach made the driver let go."
                            .formatted(number, this));
        }
        unpin(number);
    }

    private void unpin(int number) {
        held.find(number)
                .ifPresent(pin -> pin.parts().forEach(part -> part.pages().unpin(part.number())));
        held.remove(number);
    }

    /// Copies bytes, which needs no alignment.
    ///
    /// @return hpa of the first one
    public long readOrWrite(long iova, long bytes, boolean write) throws CallFailed {
        var areas = areas(iova, bytes);
        requireRights(areas, write);
        var area = areas.getFirst();
        long offset = area.offset() + iova - area.iova();
        int pin = area.pages().pin(offset, 1);
        long hpa = area.pages().stretches(offset, 1).getFirst().hpa();
        area.pages().unpin(pin);
        return hpa;
    }

    /// The driver goes.
    public void close() throws CallFailed {
        release("driver");
        destroy();
        file().drop();
    }

    @Override
    public List<SoftwareView.Fact> facts() {
        return List.of(
                SoftwareView.Fact.of("pins pages", pins),
                SoftwareView.Fact.of("pins held", held.size()));
    }

    @Override
    protected void end() {
        detach();
    }
}
