package io.nextclick.jobs.cli;

import io.nextclick.models.clicklog.ClickLogFormat;
import java.util.Arrays;
import java.util.Iterator;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A log format by its name. */
final class FormatConverter implements ITypeConverter<ClickLogFormat> {

    @Override
    public ClickLogFormat convert(String name) {
        try {
            return ClickLogFormat.named(name);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }

    /** The names, for the help. */
    static final class Names implements Iterable<String> {

        @Override
        public Iterator<String> iterator() {
            return Arrays.stream(ClickLogFormat.values()).map(ClickLogFormat::label).iterator();
        }
    }
}
