package iommulab.app;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/// What JavaFX says of style sheets: a name that no sheet defines, a value of the wrong kind.
public final class StyleWarnings {
    private StyleWarnings() {}

    /// Everything that is said from now on.
    public static List<String> listen() {
        var warnings = new CopyOnWriteArrayList<String>();
        var logger = Logger.getLogger("javafx.css");
        logger.setLevel(Level.ALL);
        logger.addHandler(
                new Handler() {
                    @Override
                    public void publish(LogRecord line) {
                        if (line.getLevel().intValue() >= Level.WARNING.intValue()) {
                            warnings.add(line.getMessage());
                        }
                    }

                    @Override
                    public void flush() {}

                    @Override
                    public void close() {}
                });
        return warnings;
    }
}
