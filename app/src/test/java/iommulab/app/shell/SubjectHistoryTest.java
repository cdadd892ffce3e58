package iommulab.app.shell;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SubjectHistoryTest {
    private static final Subject FIRST = new Subject.Group(1);
    private static final Subject SECOND = new Subject.Group(2);
    private static final Subject THIRD = new Subject.Group(3);

    private final SubjectHistory history = new SubjectHistory();

    @Test
    void backLeadsThroughWhatWasSelectedToNothing() {
        history.visit(FIRST);
        history.visit(SECOND);
        assertThat(history.back()).contains(FIRST);
        assertThat(history.back()).contains(new Subject.Nothing());
        assertThat(history.back()).isEmpty();
    }

    @Test
    void forwardUndoesBack() {
        history.visit(FIRST);
        history.visit(SECOND);
        history.back();
        assertThat(history.forward()).contains(SECOND);
        assertThat(history.canGoForward()).isFalse();
    }

    @Test
    void aNewSelectionForgetsWhatLayAhead() {
        history.visit(FIRST);
        history.visit(SECOND);
        history.back();
        history.visit(THIRD);
        assertThat(history.canGoForward()).isFalse();
        assertThat(history.back()).contains(FIRST);
    }

    @Test
    void selectingTheSameThingAgainIsNoStep() {
        history.visit(FIRST);
        history.visit(FIRST);
        assertThat(history.back()).contains(new Subject.Nothing());
    }
}
