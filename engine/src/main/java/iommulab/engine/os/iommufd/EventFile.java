package iommulab.engine.os.iommufd;

/// The file from which user space reads the events of a virtual IOMMU.
public final class EventFile extends QueueFile<EventQueue> {
    EventFile(String handle, EventQueue queue) {
        super(handle, queue);
    }

    @Override
    public String typeName() {
        return "event file";
    }
}
