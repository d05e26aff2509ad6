# The app as an image; docs/server.md says how it is built and run.
#   docker build -t diffusion-playground .
# The package index gives Linux on x86-64 a torch with CUDA, which computes without a GPU too. A smaller image without CUDA, or one for another CUDA:
#   docker build --build-arg TORCH_INDEX=<an index of PyTorch's> -t diffusion-playground .
FROM python:3.11-slim-bookworm

ARG TORCH_INDEX=""
ARG EXTRAS=""

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    PLAYGROUND_CACHE=/data \
    HF_HOME=/data/hub \
    MPLCONFIGDIR=/data/matplotlib \
    GRADIO_TEMP_DIR=/data/gradio

WORKDIR /app

# libraries first: they change seldom
COPY requirements.txt requirements-hub.txt requirements-mcp.txt requirements-ray.txt ./
RUN if [ -n "$TORCH_INDEX" ]; then pip install --index-url "$TORCH_INDEX" "$(grep '^torch==' requirements.txt)"; fi
RUN pip install -r requirements.txt
RUN for extra in $EXTRAS; do pip install -r "requirements-$extra.txt" || exit 1; done

COPY app.py pyproject.toml README.md LICENSE ./
COPY assets assets
COPY docs docs
COPY playground playground
COPY toy_models toy_models

# nothing runs as root; /data is where stored sets, models of the hub and pictures drawn for programs live
RUN useradd --create-home player && mkdir /data && chown player /data
USER player
VOLUME /data
EXPOSE 7860

HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['GRADIO_SERVER_PORT'] + '/live/health', timeout=4)"]

CMD ["python", "app.py"]
