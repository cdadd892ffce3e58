package iommulab.engine.os.iommufd;

/// A queue of page requests for user space to answer, and the file that it reads them from. Source: kernel
/// `struct iommufd_fault`.
public final class FaultQueue extends IoObject {
    FaultQueue(Iommufd file) {
        super(file);
    }

    @Override
    public String type() {
        return "FAULT";
    }

    @Override
    protected void end() {}
}
