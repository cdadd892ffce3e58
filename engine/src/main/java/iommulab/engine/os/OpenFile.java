package iommulab.engine.os;

import iommulab.engine.os.process.Process;
import iommulab.engine.os.state.Cell;
import iommulab.engine.os.state.Ledger;

import java.util.List;

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

    // ---- what can be seen of it

    /// Something that it keeps alive.
    ///
    /// @param key as in [SoftwareView.Node]
    /// @param file that it is, or that it is an object of and that is held with it
    public record Held(String key, OpenFile file, String why) {
        public static Held of(OpenFile file, String why) {
            return new Held(file.handle(), file, why);
        }

        /// @param key of the object
        /// @param file that it is an object of
        public static Held within(OpenFile file, String key, String why) {
            return new Held(key, file, why);
        }

        /// Whether it is an object of the file, not the file itself.
        public boolean isObject() {
            return !key.equals(file.handle());
        }
    }

    /// What it keeps alive.
    public List<Held> holds() {
        return List.of();
    }

    /// What it is, such as `VFIO group`.
    public String typeName() {
        return kind();
    }

    /// What there is to say of it.
    public List<SoftwareView.Fact> facts() {
        return List.of();
    }

    /// The last reference is gone.
    protected abstract void release();

    @Override
    public String toString() {
        return handle;
    }
}
