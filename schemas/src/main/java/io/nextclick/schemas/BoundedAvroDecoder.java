package io.nextclick.schemas;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.avro.io.Decoder;

/**
 * Avro binary from an array, believing nothing: each length and count is checked against the bytes
 * that are left before anything is allocated or skipped, text must be UTF-8, booleans 0 or 1.
 * Avro's own decoder replaces bad text, and its bounds are settings of the whole JVM.
 *
 * <p>Elements of arrays and maps are taken to have at least one byte each, which holds for every
 * schema of this module; so the work is linear in the record's size.
 */
final class BoundedAvroDecoder extends Decoder {

    /** Longer texts of fields that are kept are refused; set from the record's limits. */
    private final int textBytesMax;

    private byte[] bytes = new byte[0];
    private int at;

    BoundedAvroDecoder(RecordLimits limits) {
        // 3 bytes of UTF-8 are one UTF-16 unit, 4 bytes are two.
        this.textBytesMax =
                (int)
                        Math.min(
                                Integer.MAX_VALUE,
                                3L * Math.max(limits.textChars(), limits.idChars()));
    }

    /** A fault in the bytes. Has no stack trace, since bad input is data. */
    static final class AvroFault extends IOException {
        private static final long serialVersionUID = 1L;

        AvroFault(String what) {
            super(what);
        }

        @Override
        public Throwable fillInStackTrace() {
            return this;
        }
    }

    void start(byte[] record, int from) {
        bytes = record;
        at = from;
    }

    int position() {
        return at;
    }

    int remaining() {
        return bytes.length - at;
    }

    @Override
    public void readNull() {}

    @Override
    public boolean readBoolean() throws AvroFault {
        require(1);
        byte value = bytes[at];
        if (value != 0 && value != 1) {
            throw new AvroFault("the byte " + (value & 0xFF) + " for a boolean");
        }
        at++;
        return value == 1;
    }

    @Override
    public int readInt() throws AvroFault {
        long value = readLong();
        if (value != (int) value) {
            throw new AvroFault("the number " + value + " for an int");
        }
        return (int) value;
    }

    @Override
    public long readLong() throws AvroFault {
        long zigzag = 0;
        int position = at;
        for (int shift = 0; shift < Long.SIZE; shift += 7) {
            if (position == bytes.length) {
                throw new AvroFault("the record ends within a number");
            }
            byte next = bytes[position++];
            if (shift == 63 && next > 1) {
                break;
            }
            zigzag |= (next & 0x7FL) << shift;
            if (next >= 0) {
                at = position;
                return (zigzag >>> 1) ^ -(zigzag & 1);
            }
        }
        throw new AvroFault("a number of more than 64 bits");
    }

    @Override
    public float readFloat() throws AvroFault {
        return Float.intBitsToFloat(readFixedInt());
    }

    @Override
    public double readDouble() throws AvroFault {
        long low = readFixedInt() & 0xFFFFFFFFL;
        return Double.longBitsToDouble(low | (long) readFixedInt() << Integer.SIZE);
    }

    private int readFixedInt() throws AvroFault {
        require(Integer.BYTES);
        int value =
                (bytes[at] & 0xFF)
                        | (bytes[at + 1] & 0xFF) << 8
                        | (bytes[at + 2] & 0xFF) << 16
                        | (bytes[at + 3] & 0xFF) << 24;
        at += Integer.BYTES;
        return value;
    }

    @Override
    public String readString() throws AvroFault {
        int length = keptLength("text");
        int fault = Utf8.firstFault(bytes, at, at + length);
        if (fault >= 0) {
            at = fault;
            throw new AvroFault("text that is not UTF-8");
        }
        String value = new String(bytes, at, length, StandardCharsets.UTF_8);
        at += length;
        return value;
    }

    @Override
    public org.apache.avro.util.Utf8 readString(org.apache.avro.util.Utf8 old) throws AvroFault {
        return new org.apache.avro.util.Utf8(readString());
    }

    @Override
    public void skipString() throws AvroFault {
        int length = length("text");
        at += length;
    }

    @Override
    public ByteBuffer readBytes(ByteBuffer old) throws AvroFault {
        int length = keptLength("bytes");
        ByteBuffer value = ByteBuffer.allocate(length);
        value.put(bytes, at, length).flip();
        at += length;
        return value;
    }

    @Override
    public void skipBytes() throws AvroFault {
        int length = length("bytes");
        at += length;
    }

    @Override
    public void readFixed(byte[] target, int start, int length) throws AvroFault {
        require(length);
        System.arraycopy(bytes, at, target, start, length);
        at += length;
    }

    @Override
    public void skipFixed(int length) throws AvroFault {
        require(length);
        at += length;
    }

    @Override
    public int readEnum() throws AvroFault {
        return readInt();
    }

    @Override
    public int readIndex() throws AvroFault {
        return readInt();
    }

    @Override
    public long readArrayStart() throws AvroFault {
        return blockCount();
    }

    @Override
    public long arrayNext() throws AvroFault {
        return blockCount();
    }

    @Override
    public long skipArray() throws AvroFault {
        return skipSizedBlocks();
    }

    @Override
    public long readMapStart() throws AvroFault {
        return blockCount();
    }

    @Override
    public long mapNext() throws AvroFault {
        return blockCount();
    }

    @Override
    public long skipMap() throws AvroFault {
        return skipSizedBlocks();
    }

    /** Count of the next block; a negative one is followed by the block's size in bytes. */
    private long blockCount() throws AvroFault {
        long count = readLong();
        if (count < 0) {
            long size = readLong();
            if (size < 0 || size > remaining()) {
                throw beyond("a block", size);
            }
            count = -count;
        }
        if (count < 0 || count > remaining()) {
            throw beyond("a block of elements", count);
        }
        return count;
    }

    private long skipSizedBlocks() throws AvroFault {
        long count = readLong();
        while (count < 0) {
            long size = readLong();
            if (size < 0 || size > remaining()) {
                throw beyond("a block", size);
            }
            at += (int) size;
            count = readLong();
        }
        if (count > remaining()) {
            throw beyond("a block of elements", count);
        }
        return count;
    }

    private int length(String what) throws AvroFault {
        long length = readLong();
        if (length < 0 || length > remaining()) {
            throw beyond(what, length);
        }
        return (int) length;
    }

    private int keptLength(String what) throws AvroFault {
        int length = length(what);
        if (length > textBytesMax) {
            throw new AvroFault(what + " of " + length + " bytes, more than " + textBytesMax);
        }
        return length;
    }

    private AvroFault beyond(String what, long length) {
        return new AvroFault(
                what + " of length " + length + " where " + remaining() + " bytes are left");
    }

    private void require(int length) throws AvroFault {
        if (length > remaining()) {
            throw new AvroFault("the record ends within a value");
        }
    }
}
