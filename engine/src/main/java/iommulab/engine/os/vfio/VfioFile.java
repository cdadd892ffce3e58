package iommulab.engine.os.vfio;

import iommulab.engine.os.OpenFile;
import iommulab.engine.os.state.Cell;

import java.util.Optional;

/// A file by which somebody uses devices through VFIO, of a group or of one device: what a virtual machine
/// may be told of. Source: kernel `vfio_file_is_valid`.
public interface VfioFile {
    /// What users call it.
    String handle();

    /// Whether all DMA by this file can be forced to snoop CPU caches: by what its devices are capable of
    /// now, not by what they are attached to. Source: kernel `vfio_file_enforced_coherent`.
    boolean enforcesCoherency();

    /// The virtual machine whose devices these are, if one was told of the file.
    Cell<Optional<OpenFile>> virtualMachine();
}
