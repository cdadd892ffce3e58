package iommulab.engine.os.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

class LedgerTest {
    private final Ledger ledger = new Ledger();

    /// What a version held when it was made.
    private record Seen(Ledger.Version version, int cell, Map<Integer, Integer> book, long hash) {}

    @Property(tries = 200)
    void everyVersionCanBeGoneToFromEveryOther(
            @ForAll @Size(max = 40) List<Integer> changes,
            @ForAll @Size(max = 20) List<Integer> trips) {
        var cell = new Cell<>(ledger, 0);
        var book = new Book<Integer, Integer>(ledger);
        var seen = new ArrayList<Seen>();
        seen.add(look(cell, book));
        for (int change : changes) {
            switch (Math.floorMod(change, 4)) {
                case 0 -> cell.set(change);
                case 1 -> book.set(Math.floorMod(change, 5), change);
                case 2 -> book.remove(Math.floorMod(change, 5));
                default -> ledger.goTo(seen.get(Math.floorMod(change, seen.size())).version());
            }
            seen.add(look(cell, book));
        }
        for (int trip : trips) {
            var then = seen.get(Math.floorMod(trip, seen.size()));
            ledger.goTo(then.version());
            assertThat(look(cell, book)).isEqualTo(then);
        }
    }

    private Seen look(Cell<Integer> cell, Book<Integer, Integer> book) {
        return new Seen(ledger.now(), cell.get(), new TreeMap<>(book.all()), ledger.hash());
    }

    @Test
    void theSameValuesWrittenInTheSameOrderHaveTheSameHash() {
        assertThat(hashOf(1, 2, 3)).isEqualTo(hashOf(1, 2, 3)).isNotEqualTo(hashOf(1, 2, 4));
    }

    private static long hashOf(int... values) {
        var other = new Ledger();
        var cells = new Book<Integer, Integer>(other);
        for (int value : values) {
            cells.set(cells.size(), value);
        }
        return other.hash();
    }

    @Test
    void aValueThatIsPutBackHasTheFirstHashAgain() {
        var cell = new Cell<>(ledger, "first");
        long hash = ledger.hash();
        cell.set("second");
        assertThat(ledger.hash()).isNotEqualTo(hash);
        cell.set("first");
        assertThat(ledger.hash()).isEqualTo(hash);
    }

    @Test
    void aValueThatAnotherRunWouldTellOtherwiseIsADefect() {
        var cell = new Cell<Object>(ledger, "told");
        assertThatThrownBy(() -> cell.set(new Object()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("another run would tell it otherwise");
    }

    @Test
    void aVersionOfAnotherLedgerIsADefect() {
        var other = new Ledger();
        new Cell<>(other, 1);
        new Cell<>(ledger, 1);
        assertThatThrownBy(() -> ledger.goTo(other.now()))
                .isInstanceOf(IllegalStateException.class);
    }
}
