package iommulab.engine.os.iommufd;

import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Cell;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/// What a virtual IOMMU has to tell its guest (VEVENTQ): a ring of a depth that the user chose. When it is
/// full events are lost, and one marker at its end says so; each event, lost or not, has a number of its
/// own. Source: kernel `struct iommufd_veventq`, `iommufd_vevent_handler`.
public final class EventQueue extends IoObject {
    /// Place of the marker: behind all events.
    private static final long AT_THE_END = Long.MAX_VALUE;

    private final VirtualIommu viommu;
    private final String eventType;
    private final int depth;
    private final Book<Long, Report> waiting;
    private final Cell<Integer> sequence;

    /// What waits in the queue.
    sealed interface Report {
        /// Number of the event; of the last lost one in a marker.
        int sequence();
    }

    /// @param lost whether it is the marker
    /// @param virtualId the guest's number of the device, 0 in a marker
    record Event(int sequence, boolean lost, long virtualId) implements Report {}

    /// An event as hardware wrote it.
    ///
    /// @param words of 64 bits, with the guest's number of the device
    record HardwareEvent(int sequence, Words words) implements Report {}

    /// Words of 64 bits.
    record Words(List<Long> all) {
        Words {
            all = List.copyOf(all);
        }
    }

    /// @param depth how many events it keeps, at least 1
    EventQueue(VirtualIommu viommu, String eventType, int depth) {
        super(viommu.file());
        this.viommu = viommu;
        this.eventType = eventType;
        this.depth = depth;
        waiting = new Book<>(file().ledger());
        sequence = new Cell<>(file().ledger(), 0);
        viommu.hold(toString(), "events");
        viommu.add(this);
    }

    @Override
    public String type() {
        return "VEVENTQ";
    }

    /// Name of the type of events that it is for.
    public String eventType() {
        return eventType;
    }

    /// How many events it keeps.
    public int depth() {
        return depth;
    }

    /// How many events wait, the marker not counted.
    public int waiting() {
        return waiting.size() - (waiting.has(AT_THE_END) ? 1 : 0);
    }

    /// Something happened to a device of the guest.
    void report(long virtualId) {
        report(number -> new Event(number, false, virtualId));
    }

    /// Hardware wrote something of a device of the guest.
    void report(Words words) {
        report(number -> new HardwareEvent(number, words));
    }

    private void report(IntFunction<Report> event) {
        int number = sequence.get();
        sequence.set(number + 1 & Integer.MAX_VALUE);
        boolean full = waiting() == depth;
        waiting.remove(AT_THE_END);
        if (full) {
            waiting.set(AT_THE_END, new Event(number, true, 0));
        } else {
            waiting.set((long) number, event.apply(number));
        }
    }

    /// Takes all out, in order.
    List<Report> read() {
        var events = new ArrayList<>(waiting.all().values());
        waiting.clear();
        return events;
    }

    @Override
    protected void end() {
        viommu.remove(this);
        viommu.release(toString());
    }
}
