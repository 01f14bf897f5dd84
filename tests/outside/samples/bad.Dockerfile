FROM debian
WORKDIR /app
ADD app.sh .
RUN chmod +x $(find . -name app.sh)
USER root
CMD ["./app.sh"]
