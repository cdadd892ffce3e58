package iommulab.app.shell;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WordsTest {
    @ParameterizedTest
    @CsvSource(
            textBlock =
                    """
                    0,           0 B
                    512,         512 B
                    4096,        4 KiB
                    2097152,     2 MiB
                    1610612736,  1.5 GiB
                    """)
    void bytesAreWrittenInTheLargestUnitThatLeavesANumber(long bytes, String words) {
        assertThat(Words.bytes(bytes)).isEqualTo(words);
    }

    @ParameterizedTest
    @CsvSource(
            textBlock =
                    """
                    812,      812
                    1200,     1.2 k
                    1250000,  1.3 M
                    """)
    void amountsAreRounded(double amount, String words) {
        assertThat(Words.amount(amount)).isEqualTo(words);
    }

    @Test
    void aRawWordIsWrittenInGroupsOfFourDigits() {
        assertThat(Words.word(0x1f6e90067L)).isEqualTo("0000 0001 f6e9 0067");
    }

    @Test
    void oneThingIsNotMany() {
        assertThat(Words.count(1, "fault")).isEqualTo("1 fault");
        assertThat(Words.count(1_231, "fault")).isEqualTo("1\u2009231 faults");
    }
}
