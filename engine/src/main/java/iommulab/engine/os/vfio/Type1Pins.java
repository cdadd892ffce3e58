package iommulab.engine.os.vfio;

import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Cell;
import iommulab.engine.os.state.Ledger;

import java.util.ArrayList;
import java.util.stream.LongStream;

/// Pages of a container's mappings that drivers of mediated devices have pinned, and what they have
/// written. While no IOMMU has pinned them anyway, each is billed once. Source: kernel
/// `vfio_iommu_type1_pin_pages`.
final class Type1Pins {
    private static final long PAGE = 4096;

    private final Book<Integer, Pin> held;
    private final Cell<Integer> next;
    private final Book<Long, Boolean> dirty;
    private final Cell<Boolean> logging;

    /// What a driver pinned by one call.
    ///
    /// @param iova of its first page
    record Pin(MediatedDevice device, long iova, long bytes) {
        long last() {
            return iova + bytes - 1;
        }

        boolean has(long page) {
            return page - iova >= 0 && page - iova < bytes;
        }
    }

    Type1Pins(Ledger ledger) {
        held = new Book<>(ledger);
        next = new Cell<>(ledger, 1);
        dirty = new Book<>(ledger);
        logging = new Cell<>(ledger, false);
    }

    /// @return number of the pin
    /// @throws CallFailed (EINVAL) no whole pages of mappings, (EPERM) no right to write, (EFAULT) no memory
    ///     behind it, (ENOMEM) the limit
    int pin(Type1 type1, MediatedDevice device, long iova, long bytes, boolean write)
            throws CallFailed {
        if (bytes <= 0 || (iova & PAGE - 1) != 0) {
            throw new CallFailed(
                    "EINVAL",
                    "Drivers pin from the start of a page: 0x%x bytes at 0x%x."
                            .formatted(bytes, iova));
        }
        long whole = bytes + PAGE - 1 & -PAGE;
        for (long page = iova; page - iova < whole; page += PAGE) {
            var mapping = mappingOf(type1, page, write);
            if (!mapping.isPinned() && !isPinned(page)) {
                requireMemory(mapping, page, write);
                mapping.bill().charge(1);
            }
            if (logging.get()) {
                dirty.set(page, true);
            }
        }
        int number = next.get();
        next.set(number + 1);
        held.set(number, new Pin(device, iova, whole));
        return number;
    }

    private static Type1Mapping mappingOf(Type1 type1, long page, boolean write) throws CallFailed {
        var mapping =
                type1.at(page)
                        .orElseThrow(() ->
                                new CallFailed("EINVAL", "0x%x is not mapped.".formatted(page)));
        if (write && !mapping.permissions().write()) {
            throw new CallFailed(
                    "EPERM", "The mapping %s may not be written.".formatted(mapping.range()));
        }
        return mapping;
    }

    private static void requireMemory(Type1Mapping mapping, long page, boolean write)
            throws CallFailed {
        var area = mapping.bill().process().memory().at(mapping.va() + (page - mapping.iova()));
        if (area.isEmpty() || write && !area.get().writable()) {
            throw new CallFailed(
                    "EFAULT",
                    "There is no such memory behind 0x%x of the mapping %s."
                            .formatted(page, mapping.range()));
        }
    }

    private boolean isPinned(long page) {
        return held.all().values().stream().anyMatch(pin -> pin.has(page));
    }

    /// @throws CallFailed (ENOENT) the pin is gone
    void unpin(Type1 type1, int number) throws CallFailed {
        var pin = held.find(number);
        if (pin.isEmpty()) {
            throw new CallFailed(
                    "ENOENT", "Pin %d is gone: an unmap made the driver let go.".formatted(number));
        }
        held.remove(number);
        for (long page = pin.get().iova(); pin.get().has(page); page += PAGE) {
            var mapping = type1.at(page);
            if (mapping.isPresent() && !mapping.get().isPinned() && !isPinned(page)) {
                mapping.get().bill().uncharge(1);
            }
        }
    }

    /// A mapping goes: its drivers let go of every pin that touches it.
    void dropIn(Type1Mapping mapping, Type1 type1) throws CallFailed {
        for (var pin : new ArrayList<>(held.all().entrySet())) {
            if (mapping.overlaps(pin.getValue().iova(), pin.getValue().last())) {
                unpin(type1, pin.getKey());
            }
        }
        forgetDirty(mapping);
    }

    void dropAll(MediatedDevice device, Type1 type1) throws CallFailed {
        for (var pin : new ArrayList<>(held.all().entrySet())) {
            if (pin.getValue().device() == device) {
                unpin(type1, pin.getKey());
            }
        }
    }

    /// How many pages of a mapping are pinned, each counted once.
    long pagesIn(Type1Mapping mapping) {
        return held.all().values().stream()
                .filter(pin -> mapping.overlaps(pin.iova(), pin.last()))
                .flatMap(pin ->
                        LongStream.range(0, pin.bytes() / PAGE)
                                .mapToObj(index -> pin.iova() + index * PAGE))
                .filter(page -> mapping.overlaps(page, page))
                .distinct()
                .count();
    }

    // ---- what was written

    void wrote(long iova) {
        if (logging.get()) {
            dirty.set(iova & -PAGE, true);
        }
    }

    /// What is pinned when the log begins counts as written.
    void log(boolean on, Type1 type1) {
        logging.set(on);
        dirty.clear();
        if (on) {
            type1.mappings().forEach(this::markPinned);
        }
    }

    private void markPinned(Type1Mapping mapping) {
        for (var pin : held.all().values()) {
            for (long page = pin.iova(); pin.has(page); page += PAGE) {
                if (mapping.overlaps(page, page)) {
                    dirty.set(page, true);
                }
            }
        }
    }

    /// How many pages of a mapping were written; what is still pinned counts again next time.
    long takeDirty(Type1Mapping mapping) {
        long pages =
                dirty.all().keySet().stream().filter(page -> mapping.overlaps(page, page)).count();
        forgetDirty(mapping);
        markPinned(mapping);
        return pages;
    }

    private void forgetDirty(Type1Mapping mapping) {
        for (long page : new ArrayList<>(dirty.all().keySet())) {
            if (mapping.overlaps(page, page)) {
                dirty.remove(page);
            }
        }
    }
}
