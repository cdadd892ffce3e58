package iommulab.app.shell;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.shell.Kept.Where;
import iommulab.engine.session.Command;
import iommulab.engine.session.CommandText;
import iommulab.engine.session.JournalView;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

class KeptTest {
    private static final Command FIRST = new Command.DeleteDomain(1);
    private static final Command SECOND = new Command.DeleteDomain(2);

    private static JournalView journal(int position, Command... commands) {
        var entries = new ArrayList<JournalView.Entry>();
        for (var command : commands) {
            entries.add(
                    new JournalView.Entry(
                            entries.size() + 1, "", CommandText.of(command), "ok", 0, 0, 7));
        }
        return new JournalView(entries, position);
    }

    @Test
    void aMachineThatDidWhatItsFileSaysIsSaved() {
        assertThat(Kept.of(Where.OWN_FILE, List.of(FIRST)).word(journal(1, FIRST)))
                .isEqualTo("saved");
    }

    @Test
    void anotherCommandOneMoreAndOneLessAreChanges() {
        var kept = Kept.of(Where.OWN_FILE, List.of(FIRST));
        assertThat(kept.word(journal(1, SECOND))).isEqualTo("changed");
        assertThat(kept.word(journal(2, FIRST, SECOND))).isEqualTo("changed");
        assertThat(kept.word(journal(0, FIRST))).isEqualTo("changed");
    }

    @Test
    void whatIsUndoneIsNoChange() {
        assertThat(Kept.of(Where.OWN_FILE, List.of(FIRST)).differs(journal(1, FIRST, SECOND)))
                .isFalse();
    }

    @Test
    void nobodyClaimsThatASampleIsSaved() {
        assertThat(Kept.of(Where.COPY, List.of()).word(journal(0))).isEqualTo("unchanged");
        assertThat(Kept.NOTHING.word(journal(1, FIRST))).isEmpty();
    }

    @Test
    void aWindowFitsTheScreenAndIsNoSmallPartOfALargeOne() {
        assertThat(MainWindow.fitting(1600, 1366)).isEqualTo(1366);
        assertThat(MainWindow.fitting(1600, 1920)).isEqualTo(1600);
        assertThat(MainWindow.fitting(1600, 2560)).isEqualTo(2048);
    }
}
