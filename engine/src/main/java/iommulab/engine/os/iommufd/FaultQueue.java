package iommulab.engine.os.iommufd;

import iommulab.engine.iommu.PageResponse;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.PhysicalDevice;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Cell;

import java.util.ArrayList;
import java.util.List;

/// A queue of page requests for user space to answer. A group of requests waits unread, then, under a
/// cookie, for its answer; when the table that brought it here is left, it is answered as invalid. Source:
/// kernel `struct iommufd_fault`, `drivers/iommu/iommufd/eventq.c`.
public final class FaultQueue extends IoObject {
    private final Book<Long, PageRequestGroup> unread;
    private final Book<Long, PageRequestGroup> unanswered;
    private final Cell<Long> arrivals;

    /// A group that was read.
    ///
    /// @param cookie under which it is answered
    record Delivered(long cookie, PageRequestGroup group) {}

    FaultQueue(Iommufd file) {
        super(file);
        unread = new Book<>(file.ledger());
        unanswered = new Book<>(file.ledger());
        arrivals = new Cell<>(file.ledger(), 0L);
    }

    @Override
    public String type() {
        return "FAULT";
    }

    /// How many groups nobody has read.
    public int unread() {
        return unread.size();
    }

    /// How many groups were read and wait for an answer.
    public int unanswered() {
        return unanswered.size();
    }

    /// A group arrives.
    ///
    /// @param reporter number of the bound device that is told to user space
    void deliver(
            PhysicalDevice device,
            int reporter,
            int group,
            int pasid,
            int index,
            List<Long> pages,
            boolean byHardware) {
        long arrival = arrivals.get();
        arrivals.set(arrival + 1);
        unread.set(
                arrival,
                new PageRequestGroup(
                        arrival, device, reporter, group, pasid, index, pages, byHardware));
    }

    /// Hands groups over, whole ones only, and gives each the lowest free cookie from 1.
    ///
    /// @param room in records, of which each page takes one
    List<Delivered> read(long room) {
        var read = new ArrayList<Delivered>();
        long left = room;
        for (var group : List.copyOf(unread.all().values())) {
            if (group.pages().size() > left) {
                break;
            }
            left -= group.pages().size();
            long cookie = 1;
            while (unanswered.has(cookie)) {
                cookie++;
            }
            unread.remove(group.arrival());
            unanswered.set(cookie, group);
            read.add(new Delivered(cookie, group));
        }
        return read;
    }

    /// @throws CallFailed (EINVAL) no group waits under that cookie
    void respond(long cookie, PageResponse response) throws CallFailed {
        var group = unanswered.find(cookie);
        if (group.isEmpty()) {
            throw new CallFailed(
                    "EINVAL",
                    "No group of page requests waits under cookie %s of %s."
                            .formatted(Long.toUnsignedString(cookie), this));
        }
        unanswered.remove(cookie);
        answer(group.get(), response);
    }

    /// A group of devices leaves the table that brought its requests here: nobody will serve them.
    void answerFor(int group, int pasid) throws CallFailed {
        giveUp(unread, group, pasid);
        giveUp(unanswered, group, pasid);
    }

    private void giveUp(Book<Long, PageRequestGroup> waiting, int group, int pasid)
            throws CallFailed {
        for (var entry : List.copyOf(waiting.all().entrySet())) {
            if (entry.getValue().isOf(group, pasid)) {
                waiting.remove(entry.getKey());
                answer(entry.getValue(), PageResponse.INVALID_REQUEST);
            }
        }
    }

    private void answer(PageRequestGroup group, PageResponse response) throws CallFailed {
        var device = group.device();
        device.hooks().answered(response);
        if (group.byHardware()) {
            device.pagesAsked().remove(group.index());
            file().core().requests().answerPages(device.address(), group.index(), response);
            PageRequests.collect(file().core().requests(), device);
        }
    }

    @Override
    protected void end() throws CallFailed {
        for (var group : List.copyOf(unread.all().values())) {
            answer(group, PageResponse.INVALID_REQUEST);
        }
        for (var group : List.copyOf(unanswered.all().values())) {
            answer(group, PageResponse.INVALID_REQUEST);
        }
        unread.clear();
        unanswered.clear();
    }
}
