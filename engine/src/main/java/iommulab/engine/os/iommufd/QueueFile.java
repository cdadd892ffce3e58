package iommulab.engine.os.iommufd;

import iommulab.engine.os.OpenFile;

import java.util.List;

/// The file from which user space reads a queue of an IOMMUFD. While it is open its queue cannot be
/// destroyed, and the IOMMUFD lives on. Source: kernel `struct iommufd_eventq`.
abstract sealed class QueueFile<Q extends IoObject> extends OpenFile permits FaultFile, EventFile {
    private final Q queue;

    QueueFile(String handle, Q queue) {
        super(queue.file().ledger(), handle, queue.file().opener());
        this.queue = queue;
        queue.hold(handle, "open file");
        queue.file().hold();
    }

    @Override
    public final String kind() {
        return "iommufd";
    }

    public final Q queue() {
        return queue;
    }

    @Override
    public final List<Held> holds() {
        return List.of(Held.within(queue.file(), queue.key(), "open file"));
    }

    @Override
    protected final void release() {
        queue.release(handle());
        queue.file().drop();
    }
}
