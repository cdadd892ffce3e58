package iommulab.engine.io.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonElement;

import iommulab.engine.io.FileRefused;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.Reader;
import java.io.StringReader;

class StrictJsonTest {
    @Test
    void readsWhatTheStandardAllows() throws Exception {
        var text = "{\"a\":[1,-2.50,\"\\u00e9\",true,null],\"b\":{}}";
        assertThat(read(text)).hasToString("{\"a\":[1,-2.50,\"é\",true,null],\"b\":{}}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    {"a":1,"a":2}        | a: this name occurs twice
                    {"a":[1,2}           | a[2]: no JSON
                    {"a":1}{             | file: no JSON
                    {"a":1} 2            | file: no JSON
                    {"a":}               | a: no JSON
                    {a:1}                | no JSON
                    {'a':1}              | no JSON
                    [1,]                 | no JSON
                    [NaN]                | no JSON
                    // note              | no JSON
                    [01]                 | no JSON
                    "a                   | no JSON
                    [1e99999999999]      | [0]: 1e99999999999, a number out of all range
                    """)
    void whatIsNoJsonIsRefusedWithItsPlace(String text, String message) {
        assertThatThrownBy(() -> read(text))
                .isInstanceOf(FileRefused.class)
                .hasMessageContaining(message);
    }

    @Test
    void tenThousandNestedListsAreRefused() {
        assertThatThrownBy(() -> read("[".repeat(10_000) + "]".repeat(10_000)))
                .isInstanceOf(FileRefused.class)
                .hasMessageContaining("Nesting limit 32");
    }

    @Test
    void millionsOfValuesAreRefusedBeforeTheyFillTheMemory() {
        assertThatThrownBy(() -> StrictJson.read(endless("[", "0,")))
                .isInstanceOf(FileRefused.class)
                .hasMessageContaining("more than 600000 values");
    }

    @Test
    void oneEndlessTextIsRefused() {
        assertThatThrownBy(() -> StrictJson.read(endless("\"", "x")))
                .isInstanceOf(FileRefused.class)
                .hasMessageContaining("longer than 32 MiB");
    }

    @Test
    void aNumberOfAThousandDigitsIsRefused() {
        assertThatThrownBy(() -> read("[" + "9".repeat(1000) + "]"))
                .isInstanceOf(FileRefused.class)
                .hasMessageContaining("[0]: a number of 1000 characters");
    }

    private static JsonElement read(String text) throws Exception {
        return StrictJson.read(new StringReader(text));
    }

    /// `start` once, then `again` for ever.
    private static Reader endless(String start, String again) {
        return new Reader() {
            private long at;

            @Override
            public int read(char[] into, int from, int length) {
                for (int i = from; i < from + length; i++, at++) {
                    into[i] =
                            at < start.length()
                                    ? start.charAt((int) at)
                                    : again.charAt((int) ((at - start.length()) % again.length()));
                }
                return length;
            }

            @Override
            public void close() {}
        };
    }
}
