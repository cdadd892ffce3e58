package iommulab.engine.os.iommufd;

/// The file from which user space reads page requests, and to which it writes answers.
public final class FaultFile extends QueueFile<FaultQueue> {
    FaultFile(String handle, FaultQueue queue) {
        super(handle, queue);
    }

    @Override
    public String typeName() {
        return "fault file";
    }
}
