package iommulab.app;

import iommulab.app.shell.Kept;
import iommulab.engine.io.machine.MachineFile;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.Session;

import java.nio.file.Path;
import java.util.Optional;

/// A machine in the window.
///
/// @param content what its file holds
/// @param path where it is saved; empty for a sample or an import
record OpenMachine(Session session, MachineFile content, Optional<Path> path) {

    /// Switches a machine on as its file has it.
    static OpenMachine switchedOn(MachineFile content, Optional<Path> path) throws CommandRefused {
        return new OpenMachine(
                Session.open(content.machine(), content.journal(), content.undone()),
                content,
                path);
    }

    /// The file that saving replaces: only one in our own format.
    static Optional<Path> own(Path path) {
        return path.toString().endsWith(MachineFile.ENDING) ? Optional.of(path) : Optional.empty();
    }

    /// What its file has of it.
    Kept kept() {
        return Kept.of(path.isPresent() ? Kept.Where.OWN_FILE : Kept.Where.COPY, content.journal());
    }

    /// Whether closing it would lose something.
    boolean isChanged() {
        return kept().differs(session.newest().journal());
    }

    /// The file's name, or the machine's.
    String name() {
        return path.map(file -> file.getFileName().toString()).orElse(content.machine().name());
    }

    /// What stands in the title bar.
    String title() {
        return name() + " — IOMMU Lab";
    }
}
