package iommulab.engine.os.iommufd;

import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.state.Book;

import java.util.List;
import java.util.Optional;

/// Memory of a guest that hardware reads commands from directly (HW_QUEUE). The mappings that it lies in
/// cannot go while it exists, and its pages must lie behind each other in RAM. Source: kernel
/// `struct iommufd_hw_queue`, `iommufd_hw_queue_alloc_phys`.
public final class HardwareQueue extends IoObject {
    private final VirtualIommu viommu;
    private final int index;
    private final IovaRange range;
    private final long hpa;
    private final Book<Long, Held> held;

    /// A mapping that it lies in.
    ///
    /// @param pin of its pages
    private record Held(MappedArea area, int pin) {}

    /// @param index its place among those of the virtual IOMMU
    /// @param range of the guest's physical addresses
    /// @throws CallFailed (ENOENT) it is not mapped, (EFAULT) it does not lie in one, (EINVAL, EEXIST, EIO)
    ///     no such place, or not yet
    HardwareQueue(VirtualIommu viommu, int index, IovaRange range) throws CallFailed {
        super(viommu.file());
        this.viommu = viommu;
        this.index = index;
        this.range = range;
        held = new Book<>(file().ledger());
        hpa = pin();
        var before = requirePlace();
        viommu.hold(toString(), "a queue of the guest");
        before.ifPresent(queue -> queue.hold(toString(), "comes before it"));
        viommu.add(this);
    }

    @Override
    public String type() {
        return "HW_QUEUE";
    }

    /// Its place among those of the virtual IOMMU.
    public int index() {
        return index;
    }

    /// Where hardware finds it.
    public long hpa() {
        return hpa;
    }

    /// The hardware of the self-test has two places, and the second one needs the first one. Source: kernel
    /// `mock_viommu_hw_queue_init_phys`.
    private Optional<HardwareQueue> requirePlace() throws CallFailed {
        if (index < 0 || index > 1) {
            throw new CallFailed(
                    "EINVAL", "%s has places 0 and 1 for queues, not %d.".formatted(viommu, index));
        }
        var there = viommu.queue(index);
        if (there.isPresent()) {
            throw new CallFailed(
                    "EEXIST", "Place %d of %s has %s.".formatted(index, viommu, there.get()));
        }
        var before = index == 0 ? Optional.<HardwareQueue>empty() : viommu.queue(index - 1);
        if (index > 0 && before.isEmpty()) {
            throw new CallFailed(
                    "EIO", "The hardware wants the queue of place %d first.".formatted(index - 1));
        }
        return before;
    }

    /// @return hpa of its first byte
    private long pin() throws CallFailed {
        var space = viommu.parent().space();
        long next = -1;
        long first = 0;
        for (var area : space.covering(range)) {
            space.lock(area);
            long from = Math.max(area.iova(), range.first());
            long bytes = Math.min(area.last(), range.last()) - from + 1;
            long offset = area.offset() + (from - area.iova());
            held.set(area.iova(), new Held(area, area.pages().pin(offset, bytes)));
            for (var stretch : area.pages().stretches(offset, bytes)) {
                if (next != -1 && stretch.hpa() != next) {
                    throw new CallFailed(
                            "EFAULT",
                            "The pages of %s do not lie behind each other in RAM: hardware reads a queue in one."
                                    .formatted(range));
                }
                first = next == -1 ? stretch.hpa() : first;
                next = stretch.hpa() + stretch.bytes();
            }
        }
        return first;
    }

    @Override
    protected void end() {
        viommu.queue(index - 1).ifPresent(before -> before.release(toString()));
        viommu.remove(this);
        viommu.release(toString());
        for (var mapping : List.copyOf(held.all().values())) {
            mapping.area().pages().unpin(mapping.pin());
            viommu.parent().space().unlock(mapping.area());
        }
        held.clear();
    }
}
