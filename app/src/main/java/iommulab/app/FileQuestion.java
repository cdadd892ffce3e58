package iommulab.app;

import javafx.stage.FileChooser;
import javafx.stage.FileChooser.ExtensionFilter;
import javafx.stage.Stage;

import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Asks a person which file. Empty if the person would rather not.
interface FileQuestion {
    /// @param kinds of files to offer, the usual one first
    Optional<Path> toOpen(Stage owner, String title, List<ExtensionFilter> kinds);

    /// @param name proposed
    Optional<Path> toSave(Stage owner, String title, String name);

    /// The desktop's own dialogs.
    final class OfDesktop implements FileQuestion {
        @Override
        public Optional<Path> toOpen(Stage owner, String title, List<ExtensionFilter> kinds) {
            var chooser = new FileChooser();
            chooser.setTitle(title);
            chooser.getExtensionFilters().addAll(kinds);
            return Optional.ofNullable(chooser.showOpenDialog(owner)).map(File::toPath);
        }

        @Override
        public Optional<Path> toSave(Stage owner, String title, String name) {
            var chooser = new FileChooser();
            chooser.setTitle(title);
            chooser.setInitialFileName(name);
            return Optional.ofNullable(chooser.showSaveDialog(owner)).map(File::toPath);
        }
    }
}
