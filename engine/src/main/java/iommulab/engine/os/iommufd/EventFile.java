package iommulab.engine.os.iommufd;

import iommulab.engine.os.OpenFile;

import java.util.List;

/// The file from which user space reads the events of a virtual IOMMU. While it is open its queue cannot be
/// destroyed, and the IOMMUFD lives on.
public final class EventFile extends OpenFile {
    private final EventQueue queue;

    EventFile(String handle, EventQueue queue) {
        super(queue.file().ledger(), handle, queue.file().opener());
        this.queue = queue;
        queue.hold(handle, "open file");
        queue.file().hold();
    }

    @Override
    public String kind() {
        return "iommufd";
    }

    public EventQueue queue() {
        return queue;
    }

    @Override
    public String typeName() {
        return "event file";
    }

    @Override
    public List<Held> holds() {
        return List.of(Held.of(queue.key(), "open file"));
    }

    @Override
    protected void release() {
        queue.release(handle());
        queue.file().drop();
    }
}
