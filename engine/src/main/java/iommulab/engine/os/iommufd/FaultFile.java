package iommulab.engine.os.iommufd;

import iommulab.engine.os.OpenFile;

import java.util.List;

/// The file from which user space reads page requests, and to which it writes answers. While it is open
/// its queue cannot be destroyed, and the IOMMUFD lives on.
public final class FaultFile extends OpenFile {
    private final FaultQueue queue;

    FaultFile(String handle, FaultQueue queue) {
        super(queue.file().ledger(), handle, queue.file().opener());
        this.queue = queue;
        queue.hold(handle, "open file");
        queue.file().hold();
    }

    @Override
    public String kind() {
        return "iommufd";
    }

    public FaultQueue queue() {
        return queue;
    }

    @Override
    public String typeName() {
        return "fault file";
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
