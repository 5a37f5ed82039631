"""The constants of VGGish, each beside its unit.

Hershey et al., "CNN Architectures for Large-Scale Audio Classification", ICASSP 2017;
values as in Google's ``vggish_params.py`` (Apache-2.0).
"""

SAMPLE_RATE = 16_000  # Hz
STFT_WINDOW_LENGTH = 400  # samples, 25 ms
STFT_HOP_LENGTH = 160  # samples, 10 ms
FFT_LENGTH = 512  # samples
N_MELS = 64  # bands
MEL_MIN_HZ = 125.0
MEL_MAX_HZ = 7_500.0
MEL_BREAK_FREQUENCY_HZ = 700.0  # HTK's mel scale
MEL_HIGH_FREQUENCY_Q = 1127.0  # HTK's mel scale, natural logarithm
LOG_OFFSET = 0.01  # added to the mel magnitudes before the logarithm

PATCH_FRAMES = 96  # frames, 0.96 s
PATCH_HOP_FRAMES = 96  # frames: patches do not overlap
PATCH_SAMPLES = STFT_WINDOW_LENGTH + (PATCH_FRAMES - 1) * STFT_HOP_LENGTH  # 15,600: 0.975 s

EMBEDDING_SIZE = 128  # values a patch
QUANTIZE_MIN = -2.0  # PCA values are clipped to this range
QUANTIZE_MAX = 2.0
