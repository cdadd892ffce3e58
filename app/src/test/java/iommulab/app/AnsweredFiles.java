package iommulab.app;

import static org.assertj.core.api.Assertions.assertThat;

import javafx.stage.FileChooser.ExtensionFilter;
import javafx.stage.Stage;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A person who knows beforehand which files the window will ask for, and remembers what it proposed.
final class AnsweredFiles implements FileQuestion {
    private final ArrayDeque<Optional<Path>> answers = new ArrayDeque<>();
    private final List<String> asked = new ArrayList<>();

    /// Will take this file when asked next.
    void willTake(Path file) {
        answers.add(Optional.of(file));
    }

    /// Will close the next dialog without an answer.
    void willCancel() {
        answers.add(Optional.empty());
    }

    /// What was asked, with the name that was proposed, oldest first.
    List<String> asked() {
        return List.copyOf(asked);
    }

    @Override
    public Optional<Path> toOpen(Stage owner, String title, List<ExtensionFilter> kinds) {
        asked.add(title);
        return answer(title);
    }

    @Override
    public Optional<Path> toSave(Stage owner, String title, String name) {
        asked.add(title + ": " + name);
        return answer(title);
    }

    private Optional<Path> answer(String title) {
        assertThat(answers).as("answers left when asked: %s", title).isNotEmpty();
        return answers.poll();
    }
}
