package iommulab.engine.os;

import iommulab.engine.os.process.Process;
import iommulab.engine.os.state.Cell;
import iommulab.engine.os.state.Ledger;

/// Something that a process has open: lives until nobody refers to it any more. Source: kernel
/// `struct file`.
public abstract class OpenFile {
    private final String handle;
    private final Process opener;
    private final Cell<Integer> references;

    protected OpenFile(Ledger ledger, String handle, Process opener) {
        this.handle = handle;
        this.opener = opener;
        references = new Cell<>(ledger, 1);
    }

    /// What users call it, such as `iommufd1`.
    public String handle() {
        return handle;
    }

    /// Which part of the kernel it belongs to: `vfio`, `iommufd`, `kvm`.
    public abstract String kind();

    /// Who opened it.
    public Process opener() {
        return opener;
    }

    /// How many refer to it: its descriptor, and parts of the kernel.
    public int references() {
        return references.get();
    }

    public void hold() {
        references.set(references() + 1);
    }

    public void drop() {
        references.set(references() - 1);
        if (references() == 0) {
            release();
        }
    }

    /// The last reference is gone.
    protected abstract void release();

    @Override
    public String toString() {
        return handle;
    }
}
